"""The whole that the chunks of an answer make."""

import pytest

from arkalia_assistantia.backends.completion import Whole, says_something


def chunk(delta, index=0, **more):
    return {"choices": [{"index": index, "delta": delta, **more}]}


def whole(*chunks, **how):
    made = Whole(**how)
    for each in chunks:
        made.add(each)
    return made


def test_text_grows_and_ends_with_its_reason_and_numbers():
    made = whole(
        chunk({"role": "assistant", "content": None}),
        chunk({"content": "Good "}),
        chunk({"content": "day"}),
        chunk({}, finish_reason="stop"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    )

    assert (made.text, made.finish_reason, made.is_finished) == ("Good day", "stop", True)
    assert (made.count("completion_tokens"), made.count("cached")) == (2, None)
    [choice] = made.choices()
    assert choice["message"] == {"role": "assistant", "content": "Good day"}


def test_call_of_a_tool_comes_in_pieces():
    begin = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f"}}
    made = whole(
        chunk({"tool_calls": [begin]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
        chunk({"tool_calls": [{"index": 1, "id": "call_2", "function": {"name": "g"}}]}),
        chunk({}, finish_reason="tool_calls"),
    )

    [choice] = made.choices()
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]


def test_choices_are_kept_apart():
    made = whole(
        chunk({"content": "a"}, 1),
        chunk({"content": "b"}, 0),
        chunk({}, 0, finish_reason="stop"),
    )

    assert [each["message"]["content"] for each in made.choices()] == ["b", "a"]
    assert not made.is_finished


def test_probabilities_are_joined():
    made = whole(
        chunk({"content": "a"}, logprobs={"content": [1]}),
        chunk({"content": "b"}, logprobs={"content": [2]}),
        keeps_logprobs=True,
    )

    assert made.choices()[0]["logprobs"] == {"content": [1, 2]}


def test_everything_is_what_any_choice_says_in_any_place_but_its_thoughts():
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": '{"x": ["a\\nb"]}'}}
    made = whole(
        chunk({"role": "assistant", "content": "One", "reasoning_content": "Hm"}),
        chunk({"refusal": "No", "tool_calls": [call], "notes": [{"text": "Odd"}]}),
        chunk(
            {"content": "Two"}, index=1, logprobs={"content": [{"token": "T"}, {"token": "wo!"}]}
        ),
        keeps_logprobs=True,
    )

    said = made.everything.split("\n")

    assert sorted(said) == sorted(["c", "f", "a", "b", "No", "One", "Two", "Odd", "Two!"])


def test_first_choice_is_the_one_with_the_lowest_number():
    made = whole(chunk({"content": "Two"}, index=2, finish_reason="stop"))

    assert (made.text, made.finish_reason) == ("Two", "stop")


def test_thoughts_can_be_forgotten():
    made = whole(chunk({"content": "One", "reasoning_content": "Hm", "reasoning": "Hm"}))

    made.forget_thoughts()

    assert made.messages == {0: {"role": "assistant", "content": "One"}}


@pytest.mark.parametrize("told", [-1, 2**31, "5", None, 1.5])
def test_number_of_tokens_that_cannot_be_is_none(told):
    assert whole({"choices": [], "usage": {"prompt_tokens": told}}).count("prompt_tokens") is None


def test_role_alone_says_nothing():
    assert not says_something(chunk({"role": "assistant", "content": None}))
    assert not says_something({"choices": []})
    assert says_something(chunk({"content": "a"}))
    assert says_something(chunk({}, finish_reason="stop"))


def test_probabilities_that_nobody_is_told_at_the_end_take_no_room():
    said = chunk({"content": "a"}, logprobs={"content": [{"token": "a", "bytes": [97]}]})

    without, with_them = whole(said), whole(said, keeps_logprobs=True)

    assert (without.logprobs, without.size) == ({}, len('{"content":"a"}'))
    assert with_them.size > without.size + len('{"token":"a","bytes":[97]}')


def test_answer_at_once_is_all_that_was_said_without_its_end():
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f"}}
    made = whole(chunk({"content": "a"}), chunk({"tool_calls": [call]}, finish_reason="stop"))

    [choice] = made.as_chunk()["choices"]

    assert choice["delta"]["content"] == "a"
    assert choice["delta"]["tool_calls"][0]["index"] == 0
    assert choice["finish_reason"] is None


def test_cut_ends_what_has_not_ended_by_itself():
    made = whole(
        chunk({"content": "One"}),
        chunk({}, finish_reason="stop"),
        chunk({"content": "Two"}, index=1),
    )
    made.cut()

    assert made.finished == {0: "stop", 1: "length"}
