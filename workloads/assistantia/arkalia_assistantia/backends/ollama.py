"""Ollama's API, in the words of OpenAI's and back.

Both sides need it: a server of Ollama is asked so, and a client of Ollama asks so.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from arkalia_assistantia.backends import forms, wire
from arkalia_assistantia.backends.completion import Chunk, Whole
from arkalia_assistantia.backends.errors import BrokenError, UnsupportedError
from arkalia_assistantia.backends.ollama_messages import (
    calls_from_ollama,
    calls_to_ollama,
    from_ollama,
    to_ollama,
)
from arkalia_assistantia.backends.openai import OF_OLLAMA, OWN

CHAT: Final = "/api/chat"
TAGS: Final = "/api/tags"

NAMES: Final = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
"""OpenAI's members, and what Ollama calls them among its options."""
_BACK: Final = {theirs: ours for ours, theirs in NAMES.items()}
PASSED: Final = ("think",)
"""Members that OpenAI has no word for. `keep_alive` is none of them: a server is everybody's."""
WITHOUT_END: Final = (-1, -2)
"""`num_predict` of an answer without a limit."""
NANOSECONDS: Final = 1_000_000_000


# A request to a server of Ollama


def request(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """*body*, which has OpenAI's form, as `/api/chat` takes it.

    Raises UnsupportedError for what it has no form for.
    """
    _require_possible(body)
    own: dict[str, Any] = body.get(OF_OLLAMA) or {}
    options = dict(own.get("options") or {})
    options |= {theirs: body[ours] for ours, theirs in NAMES.items() if body.get(ours) is not None}
    if body.get("max_completion_tokens") is not None:
        options["num_predict"] = body["max_completion_tokens"]
    asked = {
        **own,
        "model": model,
        "messages": to_ollama(body.get("messages") or ()),
        "stream": True,
        "options": options,
    }
    tools = body.get("tools") if body.get("tool_choice") != "none" else None
    wanted = {"tools": tools, "format": _format(body.get("response_format"))}
    return asked | {key: value for key, value in wanted.items() if value}


async def chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[Chunk]:
    """What a server of Ollama says. Raises BrokenError if it stops before its end."""
    calls = 0
    async for line in wire.lines(answer):
        told = forms.checked(wire.document(line), forms.Line)
        message = told.get("message") or {}
        delta = _delta(message, calls)
        calls += len(message.get("tool_calls") or ())
        yield _chunk(told, delta, calls)
        if told.get("done"):
            return
    message = "stopped before the end of its answer"
    raise BrokenError(message)


def models(listed: Any) -> dict[str, int]:
    """The names in an answer of `/api/tags`; how much each reads is not told there."""
    return {str(each.get("model") or each["name"]): 0 for each in listed.get("models") or ()}


# A request of a client of Ollama


def asked(told: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A request of `/api/chat` or `/api/generate` with *messages*, in OpenAI's form."""
    options = dict(told.get("options") or {})
    if options.get("num_predict") in WITHOUT_END:
        del options["num_predict"]
    known = {_BACK[key]: options.pop(key) for key in [*options] if key in _BACK}
    body: dict[str, Any] = {
        "model": told.get("model") or "",
        "messages": from_ollama(messages),
    }
    if told.get("tools"):
        body["tools"] = told["tools"]
    if told.get("format"):
        body["response_format"] = _response_format(told["format"])
    passed = {key: told[key] for key in PASSED if told.get(key) is not None}
    return body | known | {OF_OLLAMA: {"options": options, **passed}}


def line(model: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """A part of an answer of `/api/chat`; *message* is a delta, or a whole message.

    Its calls of tools are whole. Raises BrokenError if one is none of Ollama's.
    """
    said = {"role": "assistant", "content": message.get("content") or ""}
    if message.get("reasoning_content"):
        said["thinking"] = message["reasoning_content"]
    if message.get("tool_calls"):
        try:
            said["tool_calls"] = calls_to_ollama(message["tool_calls"])
        except UnsupportedError as error:
            raise BrokenError(str(error)) from error
    return {"model": model, "created_at": now(), "message": said, "done": False}


def end(whole: Whole, told: Mapping[str, Any], begun: float) -> dict[str, Any]:
    """What the last part of an answer says beside its message; *told* is Arkalia's own word."""
    return {
        "done": True,
        "done_reason": "length" if whole.finish_reason == "length" else "stop",
        "total_duration": int((time.monotonic() - begun) * NANOSECONDS),
        "prompt_eval_count": whole.count("prompt_tokens") or 0,
        "eval_count": whole.count("completion_tokens") or 0,
        OWN: told,
    }


def now() -> str:
    """The time, as Ollama writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _require_possible(body: Mapping[str, Any]) -> None:
    """Raise UnsupportedError for what an answer of Ollama's cannot be made to do."""
    if body.get("n") not in (None, 1):
        message = "gives one answer to a question, and no choice of several (n)"
        raise UnsupportedError(message)
    if body.get("tools") and body.get("tool_choice") not in (None, "auto", "none"):
        message = "decides itself whether it calls a tool (tool_choice)"
        raise UnsupportedError(message)


def _delta(message: Mapping[str, Any], calls: int) -> dict[str, Any]:
    delta = {"role": "assistant", "content": message.get("content") or ""}
    if message.get("thinking"):
        delta["reasoning_content"] = message["thinking"]
    if message.get("tool_calls"):
        delta["tool_calls"] = calls_from_ollama(message["tool_calls"], calls)
    return delta


def _chunk(told: Mapping[str, Any], delta: dict[str, Any], calls: int) -> Chunk:
    reason = (told.get("done_reason") or "stop") if told.get("done") else None
    if reason == "stop" and calls:
        reason = "tool_calls"
    chunk: Chunk = {
        "object": "chat.completion.chunk",
        "model": told.get("model"),
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }
    if told.get("done"):
        prompt, said = told.get("prompt_eval_count") or 0, told.get("eval_count") or 0
        chunk["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": said,
            "total_tokens": prompt + said,
        }
    return chunk


def _format(wanted: Any) -> Any:
    """OpenAI's `response_format` in Ollama's words: `json`, or a schema."""
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_schema":
        return (wanted.get("json_schema") or {}).get("schema")
    return "json" if kind == "json_object" else None


def _response_format(wanted: Any) -> dict[str, Any]:
    if wanted == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}
