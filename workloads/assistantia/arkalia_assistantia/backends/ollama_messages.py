"""Messages and calls of tools, in the words of Ollama's API and of OpenAI's.

Ollama has an object where OpenAI has the text of one, and its older servers and clients know a call by
the name of its tool alone, where OpenAI knows it by its id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from arkalia_assistantia.backends.errors import UnsupportedError
from arkalia_runtime.ids import new_id

Message = Mapping[str, Any]
Call = Mapping[str, Any]

PICTURES: Final = {"/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
"""How the bytes of a picture begin in base64; what begins otherwise is called PNG."""


def to_ollama(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """*messages*, which have OpenAI's form. Raises UnsupportedError for what Ollama has no form for."""
    calls = (call for message in messages for call in message.get("tool_calls") or ())
    tools = {call.get("id"): (call.get("function") or {}).get("name") for call in calls}
    return [_to_ollama(each, tools) for each in messages]


def from_ollama(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """*messages*, which have Ollama's form: what a tool said gets the id of the call that asked for it."""
    unanswered: list[Call] = []
    made = []
    for each in messages:
        message = _from_ollama(each)
        unanswered += message.get("tool_calls") or ()
        if message.get("role") == "tool":
            message["tool_call_id"] = _call_of(each, unanswered)
        made.append(message)
    return made


def calls_to_ollama(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """*calls*, each whole. Raises UnsupportedError if the arguments of one are no JSON object."""
    return [_call_to_ollama(each) for each in calls]


def calls_from_ollama(calls: Sequence[Call], first: int = 0) -> list[dict[str, Any]]:
    """*calls* in OpenAI's form, numbered from *first*."""
    return [_call_from_ollama(each, number) for number, each in enumerate(calls, first)]


def is_whole(call: Call) -> bool:
    """Whether the arguments of *call* are a JSON object: the end of one may be missing."""
    return _arguments(call) is not None


def _to_ollama(message: Message, tools: Mapping[Any, Any]) -> dict[str, Any]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    for each in parts:
        if "text" not in each and "image_url" not in each:
            refusal = f"takes texts and pictures, and no part {each.get('type')}"
            raise UnsupportedError(refusal)
    made = {"role": message["role"], "content": "".join(each.get("text") or "" for each in parts)}
    if images := [_picture(image) for each in parts if (image := each.get("image_url"))]:
        made["images"] = images
    if message.get("tool_calls"):
        made["tool_calls"] = calls_to_ollama(message["tool_calls"])
    if call := message.get("tool_call_id"):
        named = {"tool_name": tools.get(call) or message.get("name")}
        made |= {"tool_call_id": call} | {key: value for key, value in named.items() if value}
    return made


def _picture(image: Mapping[str, Any]) -> str:
    head, _, data = image["url"].partition(",")
    if not (head.startswith("data:") and data):
        message = (
            "takes pictures with the request alone, as data:image/png;base64,..., and no address"
        )
        raise UnsupportedError(message)
    return str(data)


def _from_ollama(message: Message) -> dict[str, Any]:
    made = {key: message[key] for key in ("role", "content") if key in message}
    if message.get("images"):
        text = {"type": "text", "text": message.get("content") or ""}
        made["content"] = [text, *map(_shown, message["images"])]
    if message.get("tool_calls"):
        made["tool_calls"] = calls_from_ollama(message["tool_calls"])
    return made


def _shown(image: str) -> dict[str, Any]:
    kind = next((each for head, each in PICTURES.items() if image.startswith(head)), "png")
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{image}"}}


def _call_of(message: Message, unanswered: list[Call]) -> str:
    """The id of the call that *message* answers, which is *unanswered* no more."""
    told, name = message.get("tool_call_id"), message.get("tool_name") or message.get("name")
    for number, call in enumerate(unanswered):
        found = call["id"] == told if told else not name or call["function"]["name"] == name
        if found:
            return str(unanswered.pop(number)["id"])
    return str(told or name or "")


def _call_to_ollama(call: Call) -> dict[str, Any]:
    name, found = (call.get("function") or {}).get("name") or "", _arguments(call)
    if found is None:
        message = f"calls {name} with arguments that are no JSON object, as Ollama's API needs them"
        raise UnsupportedError(message)
    known = {"id": call["id"]} if call.get("id") else {}
    return known | {"function": {"name": name, "arguments": found}}


def _arguments(call: Call) -> dict[str, Any] | None:
    try:
        found = orjson.loads((call.get("function") or {}).get("arguments") or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _call_from_ollama(call: Call, number: int) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = orjson.dumps(function.get("arguments") or {}).decode()
    return {
        "index": number,
        "id": call.get("id") or f"call_{new_id()}",
        "type": "function",
        "function": {"name": function.get("name") or "", "arguments": arguments},
    }
