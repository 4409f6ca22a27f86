"""Requests and answers in the words of Ollama, and in those of OpenAI."""

import pytest

from arkalia_assistantia.backends import ollama
from arkalia_assistantia.backends.errors import BrokenError, UnsupportedError
from arkalia_assistantia.backends.openai import OF_OLLAMA, address, request

CALL = {
    "id": "call_0",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"place":"Paris"}'},
}
PICTURE = "data:image/png;base64,AAAA"


def test_limits_and_options_have_other_names():
    body = {
        "messages": [],
        "max_tokens": 5,
        "temperature": 0,
        OF_OLLAMA: {"options": {"num_ctx": 64}},
    }

    asked = ollama.request(body, "llama")

    assert asked["options"] == {"num_ctx": 64, "num_predict": 5, "temperature": 0}
    assert (asked["model"], asked["stream"]) == ("llama", True)


def test_newer_name_of_the_limit_counts():
    asked = ollama.request({"messages": [], "max_completion_tokens": 7}, "llama")

    assert asked["options"] == {"num_predict": 7}


def test_request_of_ollama_is_the_same_after_the_way_there_and_back():
    told = {
        "model": "llama",
        "options": {"num_predict": 5, "seed": 1, "num_ctx": 64},
        "format": {"type": "object"},
        "tools": [{"type": "function"}],
        "think": "low",
    }
    messages = [
        {"role": "user", "content": "Where?", "images": ["AAAA"]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "weather", "arguments": {"place": "Paris"}}}],
        },
    ]

    asked = ollama.request(ollama.asked(told, messages), "llama")

    assert {key: asked[key] for key in told} == told
    [call] = asked["messages"][1]["tool_calls"]
    assert call.pop("id")
    assert asked["messages"] == messages


def test_answer_without_a_limit_has_none():
    assert "max_tokens" not in ollama.asked({"options": {"num_predict": -1}}, [])


def test_json_is_asked_for_in_both_words():
    body = ollama.asked({"format": "json"}, [])

    assert body["response_format"] == {"type": "json_object"}
    assert ollama.request(body, "llama")["format"] == "json"


def test_call_of_a_tool_is_text_here_and_an_object_there():
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}

    asked = ollama.request({"messages": [message]}, "llama")

    [call] = asked["messages"][0]["tool_calls"]
    function = {"name": "weather", "arguments": {"place": "Paris"}}
    assert call == {"id": "call_0", "function": function}


def test_what_a_tool_said_is_told_with_the_name_of_the_tool_there():
    said = {"role": "tool", "tool_call_id": "call_0", "content": "It rains."}
    messages = [{"role": "assistant", "tool_calls": [CALL]}, said]

    asked = ollama.request({"messages": messages}, "llama")

    assert asked["messages"][1] == {**said, "tool_name": "weather"}


def called(*names):
    calls = [{"function": {"name": name, "arguments": {}}} for name in names]
    return {"role": "assistant", "content": "", "tool_calls": calls}


@pytest.mark.parametrize(
    "said",
    [
        [{"tool_name": "clock"}, {"tool_name": "weather"}],
        [{"name": "clock"}, {"name": "weather"}],
    ],
)
def test_what_a_tool_said_gets_the_id_of_the_call_by_its_name_here(said):
    tools = [{"role": "tool", "content": "", **each} for each in said]

    calls, *told = ollama.asked({}, [called("weather", "clock"), *tools])["messages"]

    weather, clock = (each["id"] for each in calls["tool_calls"])
    assert [each["tool_call_id"] for each in told] == [clock, weather]


def test_what_nameless_tools_said_gets_the_ids_of_the_calls_in_their_order():
    tool = {"role": "tool", "content": ""}

    calls, *told = ollama.asked({}, [called("weather", "weather"), tool, tool])["messages"]

    ids = [each["id"] for each in calls["tool_calls"]]
    assert [each["tool_call_id"] for each in told] == ids
    assert len(set(ids)) == 2


def test_calls_of_one_tool_in_two_answers_are_answered_in_their_order():
    tool = {"role": "tool", "tool_name": "weather", "content": ""}
    messages = [called("weather"), tool, called("weather"), tool]

    one, first, other, second = ollama.asked({}, messages)["messages"]

    assert first["tool_call_id"] == one["tool_calls"][0]["id"]
    assert second["tool_call_id"] == other["tool_calls"][0]["id"]


@pytest.mark.parametrize("arguments", ["{", "[]", "5"])
def test_call_without_an_object_is_none_of_ollamas(arguments):
    call = {"function": {"name": "weather", "arguments": arguments}}

    with pytest.raises(UnsupportedError, match="calls weather with arguments that are no JSON"):
        ollama.request({"messages": [{"role": "assistant", "tool_calls": [call]}]}, "llama")
    with pytest.raises(BrokenError, match="calls weather with arguments that are no JSON"):
        ollama.line("llama", {"tool_calls": [call]})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"n": 2}, "gives one answer"),
        ({"tools": [{}], "tool_choice": "required"}, "decides itself"),
        ({"tools": [{}], "tool_choice": {"type": "function"}}, "decides itself"),
    ],
)
def test_what_ollama_cannot_be_made_to_do_is_told(more, why):
    with pytest.raises(UnsupportedError, match=why):
        ollama.request({"messages": [], **more}, "llama")


def test_tools_that_must_not_be_called_are_not_offered():
    body = {"messages": [], "n": 1, "tools": [{"type": "function"}]}

    assert "tools" not in ollama.request({**body, "tool_choice": "none"}, "llama")
    assert "tools" in ollama.request({**body, "tool_choice": "auto"}, "llama")


def test_part_that_is_neither_text_nor_picture_is_none_of_ollamas():
    part = {"type": "input_audio", "input_audio": {"data": "AAAA"}}

    with pytest.raises(UnsupportedError, match="no part input_audio"):
        ollama.request({"messages": [{"role": "user", "content": [part]}]}, "llama")


def test_nobody_says_for_how_long_a_server_keeps_its_model():
    asked = ollama.request(ollama.asked({"keep_alive": 0}, []), "llama")

    assert "keep_alive" not in asked


def test_address_of_a_picture_is_none_of_ollamas():
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

    with pytest.raises(UnsupportedError, match="takes pictures with the request alone"):
        ollama.request({"messages": [{"role": "user", "content": [part]}]}, "llama")


def test_picture_is_called_by_what_it_is():
    body = ollama.asked({}, [{"role": "user", "content": "", "images": ["/9j/4AAQ", "iVBORw"]}])

    urls = [each["image_url"]["url"] for each in body["messages"][0]["content"][1:]]
    assert urls == ["data:image/jpeg;base64,/9j/4AAQ", "data:image/png;base64,iVBORw"]


def test_text_beside_a_picture_is_kept():
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]

    asked = ollama.request({"messages": [{"role": "user", "content": parts}]}, "llama")

    assert asked["messages"] == [{"role": "user", "content": "What?", "images": ["AAAA"]}]


def test_what_is_arkalias_own_is_not_passed_on():
    body = {"messages": [], "arkalia": {}, OF_OLLAMA: {}, "seed": 1}

    assert request(body, "m").keys() == {"messages", "seed", "model", "stream", "stream_options"}


def test_base_url_may_end_with_the_version():
    assert address("http://a/v1/", "/v1/models") == address("http://a", "/v1/models")
