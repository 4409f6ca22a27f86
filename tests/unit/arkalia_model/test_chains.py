"""The table of tokens that the demonstration model follows."""

import pytest
from jinja2 import Environment

from arkalia_model.chains import BYTES, END, LONGEST_NUMBER, TEXTS, TOOL, Text, table, template


def shown(**given):
    return Environment(autoescape=True).from_string(template()).render(**given)


def said(text):
    """What the table says after the first token of *text*, at most a thousand words more."""
    successors, token, words = table().successors, text.begin, []
    while (token := successors[token]) != END and len(words) < LONGEST_NUMBER + 1000:
        words.append(token)
    return words


@pytest.mark.parametrize("text", [each for each in TEXTS if each.ends])
def test_text_is_said_word_by_word_and_ends(text):
    assert said(text) == list(text.words)


def test_endless_text_comes_again_and_again():
    [endless] = [each for each in TEXTS if not each.ends]

    assert len(said(endless)) == LONGEST_NUMBER + 1000


def test_word_that_stands_in_two_texts_is_refused():
    twice = (Text("<|a|>", ("x", "y"), ""), Text("<|b|>", ("y",), "b"))

    with pytest.raises(ValueError, match="words stand twice: y"):
        table(twice)


def test_every_byte_is_a_token_and_no_token_stands_twice():
    tokens = table().tokens

    assert set(BYTES) <= set(tokens)
    assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize(
    ("question", "begin"),
    [
        ("How are you?", "<|short|>"),
        ("Tell me at length.", "<|long|>"),
        ("Go on without end.", "<|endless|>"),
        ("How is the weather?", "<|short|>"),
    ],
)
def test_words_of_the_last_question_choose_the_text(question, begin):
    messages = [{"role": "user", "content": "at length"}, {"role": "user", "content": question}]

    assert shown(messages=messages).endswith(begin)


def test_offered_tool_is_called_once():
    asks = {"role": "user", "content": "How is the weather?"}
    calls = {"role": "assistant", "tool_calls": [{"function": {"name": TOOL, "arguments": "{}"}}]}
    said = {"role": "tool", "content": "The weather is fine."}

    first = shown(messages=[asks], tools=[{"name": TOOL}])
    then = shown(messages=[asks, calls, said], tools=[{"name": TOOL}])

    assert first.endswith("<|call|>")
    assert then.endswith("<|short|>")
