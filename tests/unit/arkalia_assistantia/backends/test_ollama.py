"""Requests and answers in the words of Ollama, and in those of OpenAI."""

from arkalia_assistantia.backends import ollama
from arkalia_assistantia.backends.openai import OPTIONS, address, request

CALL = {
    "id": "call_0",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"place":"Paris"}'},
}
PICTURE = "data:image/png;base64,AAAA"


def test_limits_and_options_have_other_names():
    body = {"messages": [], "max_tokens": 5, "temperature": 0, OPTIONS: {"num_ctx": 64}}

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
    assert call == {"function": {"name": "weather", "arguments": {"place": "Paris"}}}


def test_text_beside_a_picture_is_kept():
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]

    asked = ollama.request({"messages": [{"role": "user", "content": parts}]}, "llama")

    assert asked["messages"] == [{"role": "user", "content": "What?", "images": ["AAAA"]}]


def test_what_is_arkalias_own_is_not_passed_on():
    body = {"messages": [], "arkalia": {}, OPTIONS: {}, "seed": 1}

    assert request(body, "m").keys() == {"messages", "seed", "model", "stream", "stream_options"}


def test_base_url_may_end_with_the_version():
    assert address("http://a/v1/", "/v1/models") == address("http://a", "/v1/models")
