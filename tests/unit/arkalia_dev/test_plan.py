import io
import threading

import pytest

from arkalia_dev.commands import Call, command
from arkalia_dev.console import Console
from arkalia_dev.errors import DevError
from arkalia_dev.plan import Run, Step, describe

WAIT = 5


@pytest.fixture
def run(tmp_path):
    """Runs steps to their end and gives what was printed."""

    def to_end(*steps):
        stream = io.StringIO()
        Run(steps, Console(len(steps), stream), tmp_path / "logs").to_end()
        return stream.getvalue()

    return to_end


def noting(notes, word):
    return lambda: [Call(word, lambda: notes.append(word))]


def test_steps_of_a_lane_run_in_order(run):
    notes = []

    run(*(Step(word, "lane", noting(notes, word)) for word in ("a", "b", "c")))

    assert notes == ["a", "b", "c"]


def test_step_is_left_out_when_it_is_done_already(run):
    notes = []

    printed = run(Step("a", "lane", noting(notes, "a"), done=lambda: True))

    assert notes == []
    assert "1 step done already" in printed


def test_step_waits_when_it_needs_one_of_another_lane(run):
    notes = []
    first = Step("first", "slow", lambda: [command("sleep", "0.5"), *noting(notes, "first")()])
    second = Step("second", "quick", noting(notes, "second"), needs=("first",))

    run(second, first)

    assert notes == ["first", "second"]


def test_step_that_is_done_does_not_wait_for_what_it_needs(run):
    reached = threading.Event()
    slow = Step("slow", "one", lambda: [Call("wait", lambda: reached.wait(WAIT))])
    done = Step("done", "two", lambda: [], done=lambda: True, needs=("slow",))
    after = Step("after", "two", lambda: [Call("reach", reached.set)])

    run(slow, done, after)

    assert reached.is_set()


def test_need_that_is_no_step_of_this_plan_is_ignored(run):
    notes = []

    run(Step("a", "lane", noting(notes, "a"), needs=("a step of another plan",)))

    assert notes == ["a"]


def test_failure_tells_step_command_output_log_and_advice(run):
    script = "echo the disk is full; exit 3"
    step = Step("Write it", "lane", lambda: [command("sh", "-c", script)], advice="Make room.")

    with pytest.raises(DevError) as failure:
        run(step)

    told = str(failure.value)
    assert "Failed: Write it" in told
    assert "exit code 3" in told
    assert "the disk is full" in told
    assert "write-it.log" in told
    assert told.endswith("Make room.")


def test_failure_stops_what_runs_in_another_lane(run):
    endless = Step("endless", "one", lambda: [command("sleep", "600")])
    failing = Step("failing", "two", lambda: [command("sh", "-c", "sleep 0.5; exit 1")])
    notes = []
    after = Step("after", "one", noting(notes, "after"))

    with pytest.raises(DevError):
        run(endless, failing, after)

    assert notes == []


def test_command_that_takes_too_long_is_stopped(run):
    step = Step("slow", "lane", lambda: [command("sleep", "600", timeout=0.5)])

    with pytest.raises(DevError) as failure:
        run(step)

    assert "no result within" in str(failure.value)


def test_description_has_every_command_and_does_none_of_them(tmp_path):
    touch = command("touch", tmp_path / "a b", env={"X": "1 2"}, cwd=tmp_path)
    step = Step("Touch", "lane", lambda: [touch, Call("then rest", lambda: None)])

    text = describe([step])

    assert text.splitlines() == [
        "## 1. Touch",
        f"(cd {tmp_path} && X='1 2' touch '{tmp_path}/a b')",
        "# then rest",
    ]
    assert not (tmp_path / "a b").exists()
