from arkalia_operator.cluster.refusals import Refusals
from arkalia_operator.planning.actions import Apply, Failure
from arkalia_operator.planning.observed import ObjectKey

KEY = ObjectKey("Deployment", "ns", "d")
FAILURE = Failure(KEY, "no", permanent=True)


def an_apply(digest=b"one"):
    return Apply(KEY, {}, digest, creates=False, why="changed")


def test_a_refused_apply_is_not_sent_again_at_once(clock):
    refusals = Refusals(clock)

    refusals.remember(an_apply(), FAILURE)

    assert refusals.standing(an_apply()) is FAILURE
    assert refusals.wait((FAILURE,)) > 0


def test_a_refused_apply_is_sent_again_after_a_while(clock):
    refusals = Refusals(clock)
    refusals.remember(an_apply(), FAILURE)

    clock.now = 1.5

    assert refusals.standing(an_apply()) is None
    assert refusals.wait((FAILURE,)) == 0


def test_a_changed_manifest_is_sent_at_once(clock):
    refusals = Refusals(clock)

    refusals.remember(an_apply(b"one"), FAILURE)

    assert refusals.standing(an_apply(b"two")) is None


def test_an_apply_that_succeeded_is_not_refused_any_more(clock):
    refusals = Refusals(clock)
    refusals.remember(an_apply(), FAILURE)

    refusals.forget(KEY)

    assert refusals.standing(an_apply()) is None


def test_everything_is_sent_at_once_after_rights_have_changed(clock):
    refusals = Refusals(clock)
    refusals.remember(an_apply(), FAILURE)

    refusals.forget_all()

    assert refusals.standing(an_apply()) is None


def test_the_wait_grows_to_a_minute_at_most(clock):
    refusals = Refusals(clock)

    for _ in range(30):
        refusals.remember(an_apply(), FAILURE)

    assert 0 < refusals.wait((FAILURE,)) <= 60
