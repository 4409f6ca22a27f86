"""What a pattern of scopes grants."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_contract import scopes

WORDS = st.from_regex(r"\A[a-c]{1,2}(:[a-c]{0,2})?\Z")
PATTERNS = st.frozensets(st.builds(str.__add__, WORDS, st.sampled_from(["", "*"])), max_size=4)


@pytest.mark.parametrize(
    ("granted", "asked", "does"),
    [
        (["tasks"], "tasks", True),
        (["tasks"], "tasks.read", False),
        (["tasks*"], "tasks.read", True),
        (["*"], "anything", True),
        (["model:*"], "model:llama3:8b", True),
        (["model:llama*"], "model:*", False),
        (["model:*"], "model:llama*", True),
        ([], "tasks", False),
    ],
)
def test_pattern_grants_itself_and_what_begins_with_it(granted, asked, does):
    assert scopes.covers(granted, asked) is does


@given(PATTERNS, PATTERNS, WORDS)
def test_both_grant_what_each_of_them_grants(one, other, asked):
    together = scopes.covers(scopes.both(one, other), asked)

    assert together is (scopes.covers(one, asked) and scopes.covers(other, asked))


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "tasks",
        "usage.read",
        "model:llama3:8b",
        "model:*",
        "model:hf.co/unsloth/qwen3-coder-30b-a3b-instruct-gguf:ud-q4_k_xl",
        "model:gpt@2026+tools",
    ],
)
def test_form_takes_patterns(text):
    assert re.fullmatch(scopes.PATTERN, text)


@pytest.mark.parametrize("text", ["", "a b", "a*b", "Tasks", "a,b", "**", "é"])
def test_form_takes_nothing_that_a_header_would_split(text):
    assert not re.fullmatch(scopes.PATTERN, text)
