from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.backoff import Backoff, exponential, jittered


@given(attempt=st.integers(0, 500))
def test_a_delay_is_never_below_half_of_the_first_and_never_above_the_cap(attempt):
    delay = exponential(0.2, 3.0, attempt)

    assert 0.1 <= delay <= 3.0


def test_delays_grow_until_they_are_reset():
    backoff = Backoff(0.001, 1000)

    late = [backoff.next() for _ in range(20)][-1]
    backoff.reset()

    assert late > 0.001
    assert backoff.next() <= 0.001


def test_many_waiters_do_not_move_in_step():
    delays = {exponential(0.1, 3.0, 5) for _ in range(50)}

    assert len(delays) == 50


@given(seconds=st.floats(0.1, 1000))
def test_jitter_stays_within_its_share(seconds):
    assert seconds * 0.899 <= jittered(seconds) <= seconds * 1.101
