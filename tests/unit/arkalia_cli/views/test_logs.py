"""Lines of many containers."""

import pytest

from arkalia_cli.errors import NotFoundError
from arkalia_cli.views import logs
from arkalia_cli.views.logs import Entry, Source

HELLORIA = Source("helloria", "luna-helloria-1", "helloria")
TASKIA = Source("taskia", "luna-taskia-1", "taskia")


def at(second, source=HELLORIA, line="x"):
    return Entry(f"2026-11-21T04:00:0{second}.000000000Z", source, line)


def test_raw_line_is_split_into_time_and_text():
    entry = logs.entry(HELLORIA, "2026-11-21T04:00:00.5Z two words")

    assert (entry.time, entry.line) == ("2026-11-21T04:00:00.5Z", "two words")


def test_lines_are_joined_in_the_order_of_their_times():
    one, two, three = at(1), at(2, TASKIA), at(3)

    assert list(logs.joined([[one, three], [two]])) == [one, two, three]


def test_line_shows_its_time_module_and_pod_before_it():
    assert logs.text(at(1, line="hello")).plain == "04:00:01.000 helloria luna-helloria-1 │ hello"


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-11-21T04:00:01Z", "04:00:01.000"),
        ("2026-11-21T04:00:01.5Z", "04:00:01.500"),
        ("2026-11-21T04:00:01.123456789Z", "04:00:01.123"),
    ],
)
def test_time_is_shown_to_the_millisecond_however_exact_it_is(time, shown):
    assert logs.text(Entry(time, HELLORIA, "x")).plain.startswith(f"{shown} helloria")


def test_json_of_a_module_is_shown_as_words():
    line = '{"time":"t","level":"INFO","logger":"l","message":"Serving.","pod":"p","port":8000}'

    assert logs.text(at(1, line=line)).plain.endswith("│ INFO Serving. port=8000")


@pytest.mark.parametrize("line", ['{"a": 1}', "{no json", "[1]", ""])
def test_other_lines_are_shown_as_they_are(line):
    assert logs.text(at(1, line=line)).plain.endswith(f"│ {line}")


def test_programs_get_the_line_as_it_was_written():
    assert logs.data(at(1, line='{"a":1}')) == {
        "time": "2026-11-21T04:00:01.000000000Z",
        "module": "helloria",
        "pod": "luna-helloria-1",
        "container": "helloria",
        "line": '{"a":1}',
    }


def test_modules_can_be_chosen():
    assert logs.chosen([TASKIA, HELLORIA], ["taskia"]) == [TASKIA]
    assert logs.chosen([TASKIA, HELLORIA], []) == [HELLORIA, TASKIA]


def test_unknown_module_is_told_with_the_one_that_may_be_meant():
    with pytest.raises(NotFoundError) as caught:
        logs.chosen([TASKIA, HELLORIA], ["hellori"])

    assert caught.value.hint == "Did you mean helloria?"
