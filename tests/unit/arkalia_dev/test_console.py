import io

from arkalia_dev.console import Console, clock


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_clock_counts_minutes_and_seconds():
    assert [clock(0), clock(83.9), clock(3600)] == ["0:00", "1:23", "60:00"]


def test_steps_are_counted_as_they_end():
    stream = io.StringIO()
    console = Console(2, stream)

    with console.step("One", str):
        pass
    with console.step("Two", str):
        pass

    ends = [line for line in stream.getvalue().splitlines() if line.startswith("[")]
    assert ends == ["[ 1/2] One: 0:00", "[ 2/2] Two: 0:00"]


def test_steps_that_were_done_already_are_told_together():
    stream = io.StringIO()
    console = Console(3, stream)

    console.already()
    console.already()
    with console.step("Three", str):
        pass

    assert "2 steps done already" in stream.getvalue()
    assert "[ 3/3] Three" in stream.getvalue()


def test_log_gets_a_line_of_progress_when_it_is_time():
    stream = io.StringIO()
    console = Console(1, stream)

    with console.step("Build", lambda: "7 packages compiled"):
        console._drawn -= 60
        console.tick()
        console.tick()

    assert stream.getvalue().count("7 packages compiled") == 1


def test_terminal_gets_one_line_that_is_rewritten():
    stream = Terminal()
    console = Console(1, stream)

    with console.step("Build", lambda: "7 packages compiled"):
        console._drawn -= 60
        console.tick()

    assert "\r\x1b[K" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1
