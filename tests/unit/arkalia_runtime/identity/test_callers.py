"""Which paths the patterns of `callers.json` stand for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_runtime.identity.callers import Paths, parse_callers

PATHS = st.text("/ab.*", max_size=8).map(lambda rest: f"/{rest}")
EXACT = PATHS.filter(lambda path: not path.endswith("*"))


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/states", "/states", True),
        ("/states", "/states/", False),
        ("/states", "/states/1", False),
        ("/states", "/state", False),
        ("/states/*", "/states/", True),
        ("/states/*", "/states/1/2", True),
        ("/states/*", "/states", False),
        ("/states/*", "/statesmen", False),
        ("/states*", "/statesmen", True),
        ("/*", "/anything", True),
        ("/*", "", False),
        ("/a*c", "/abc", False),
        ("/a*c", "/a*c", True),
    ],
)
def test_pattern_stands_for_a_path_or_for_all_that_begin_with_it(pattern, path, matches):
    assert (path in Paths.of([pattern])) is matches


@given(EXACT, EXACT)
def test_pattern_without_a_star_stands_for_itself_alone(pattern, path):
    assert (path in Paths.of([pattern])) == (path == pattern)


@given(EXACT, PATHS)
def test_pattern_with_a_star_stands_for_every_path_that_begins_so(beginning, path):
    assert (path in Paths.of([f"{beginning}*"])) == path.startswith(beginning)


@given(st.lists(PATHS, max_size=4), PATHS)
def test_patterns_together_stand_for_what_each_stands_for(patterns, path):
    assert (path in Paths.of(patterns)) == any(path in Paths.of([each]) for each in patterns)


@given(PATHS)
def test_no_pattern_stands_for_no_path(path):
    assert path not in Paths.of([])


def test_callers_are_read_with_their_paths():
    callers = parse_callers(json.dumps({"helloria": ["/a", "/b/*"], "taskia": []}))

    assert "/b/1" in callers["helloria"]
    assert "/a" not in callers["taskia"]
    assert "zeroia" not in callers


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": "/b"}', '{"a": [1]}', '{"a": ["b"]}', '{"a": ["*"]}', '{"a": [""]}']
)
def test_text_is_refused_when_it_has_another_form(text):
    with pytest.raises(ValueError, match=r"."):
        parse_callers(text)
