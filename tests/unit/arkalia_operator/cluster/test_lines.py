from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.cluster import lines
from arkalia_operator.cluster.lines import Lines
from arkalia_operator.errors import UnavailableError

OBJECTS = st.lists(st.dictionaries(st.text(), st.text() | st.integers(0, 9)), max_size=8)


@given(objects=OBJECTS, cuts=st.lists(st.integers(0, 400), max_size=20))
def test_lines_are_the_same_whatever_the_chunks_are(objects, cuts):
    text = b"".join(orjson.dumps(each) + b"\n" for each in objects)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    reader = Lines()

    found = [each for a, b in pairwise(places) for each in reader.feed(text[a:b])]

    assert found == objects


def test_a_line_that_is_cut_off_is_not_given():
    reader = Lines()

    assert reader.feed(b'{"a": 1}\n{"b"') == [{"a": 1}]


def test_a_line_that_is_no_json_raises():
    with pytest.raises(orjson.JSONDecodeError):
        Lines().feed(b"<html>\n")


def test_a_line_without_an_end_is_not_collected_for_ever(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE_BYTES", 10)

    with pytest.raises(UnavailableError):
        Lines().feed(b"x" * 11)
