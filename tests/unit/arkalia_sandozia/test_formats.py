"""Format: length, Markdown, JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.formats import Form, Format, misfits


def checks(answer, **wanted):
    found, _ = misfits(answer, Format(**wanted))
    return [each.check for each in found]


def test_any_text_fits_where_nothing_is_asked_for():
    assert checks("x" * 1000) == []


def test_length_is_kept():
    assert checks("abc", longest=2) == ["format/length"]
    assert checks("abc", shortest=4) == ["format/length"]
    assert checks("abc", shortest=3, longest=3) == []


@pytest.mark.parametrize(
    "answer",
    [
        "```\ncode without an end",
        "see [here]() for more",
        "| a | b |\n|---|\n| 1 | 2 |",
    ],
)
def test_broken_markdown_is_found(answer):
    assert checks(answer, form=Form.MARKDOWN) == ["format/markdown"]


def test_whole_markdown_fits():
    text = "# Title\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```sh\nls\n```\n[x](https://x)\n"

    assert checks(text, form=Form.MARKDOWN) == []


def test_json_is_read_and_its_first_mistake_shown():
    found, _ = misfits('{"a": 1,}', Format(form=Form.JSON))

    assert [each.check for each in found] == ["format/json"]
    assert found[0].start >= 7
    assert checks('{"a": 1}', form=Form.JSON) == []


def test_brackets_that_stand_too_deep_are_not_followed():
    assert checks("[" * 100_000, form=Form.JSON) == ["format/json"]


def test_answer_that_does_not_fit_its_schema_is_found():
    schema = {"type": "object", "required": ["ready"]}

    assert checks("{}", form=Form.JSON, schema=schema) == ["format/schema"]
    assert checks('{"ready": true}', form=Form.JSON, schema=schema) == []


def test_keyword_that_is_not_looked_at_is_told():
    _, left = misfits('"x"', Format(form=Form.JSON, schema={"pattern": "(a+)+$"}))

    assert left == ["format: the schema's keyword `pattern`"]


@given(st.text(max_size=200), st.sampled_from(Form))
def test_any_text_can_be_examined(answer, form):
    found, _ = misfits(answer, Format(form=form))

    assert all(0 <= each.start <= each.end <= len(answer) for each in found)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), st.lists, max_leaves=8))
def test_what_json_writes_is_json(document):
    assert checks(json.dumps(document), form=Form.JSON) == []
