"""An answer in OpenAI's form: its chunks, and the whole that they make."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from arkalia_assistantia.backends.errors import BrokenError

Chunk = dict[str, Any]
"""A `chat.completion.chunk`."""

LISTS: Final = ("content", "refusal")
"""Members of `logprobs`."""
THOUGHTS: Final = ("reasoning_content", "reasoning", "reasoning_details")
"""Members of a message in which servers tell what a model says to itself."""
MOST_TOKENS: Final = 2**31 - 1
"""As many as a column of the conversations holds."""


@dataclass
class Whole:
    """What was said so far, choice by choice."""

    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    finished: dict[int, str] = field(default_factory=dict)
    logprobs: dict[int, dict[str, list[Any]]] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    keeps_logprobs: bool = False
    """Whether somebody is told them at the end: they take a hundred times the room of the text."""
    size: int = 0
    """Bytes of what was added, as JSON in the pieces that came."""

    def add(self, chunk: Chunk) -> None:
        """What *chunk* says."""
        for choice in chunk.get("choices") or ():
            index = choice.get("index") or 0
            _add_delta(self.messages.setdefault(index, {"role": "assistant"}), choice)
            if choice.get("finish_reason"):
                self.finished[index] = choice["finish_reason"]
            self.size += len(orjson.dumps(choice.get("delta")))
            if self.keeps_logprobs and choice.get("logprobs"):
                self._add_logprobs(index, choice["logprobs"])
        if chunk.get("usage"):
            self.usage = dict(chunk["usage"])

    def _add_logprobs(self, index: int, more: Mapping[str, Any]) -> None:
        self.size += len(orjson.dumps(more))
        for key in LISTS:
            if more.get(key):
                self.logprobs.setdefault(index, {}).setdefault(key, []).extend(more[key])

    def cut(self) -> None:
        """End it here: it was too long."""
        self.finished = {**dict.fromkeys(self.messages, "length"), **self.finished}

    @property
    def is_finished(self) -> bool:
        """Whether each choice that was begun has an end."""
        return bool(self.finished) and self.finished.keys() >= self.messages.keys()

    @property
    def first(self) -> int:
        """The number of the first choice."""
        return min(self.messages, default=0)

    @property
    def text(self) -> str:
        """What the first choice says."""
        return str(self.messages.get(self.first, {}).get("content") or "")

    @property
    def everything(self) -> str:
        """All that is told in any place but as thoughts: by every choice, in calls of tools too. Short first."""
        found = {text for message in self.messages.values() for text in _texts(message)}
        for told in self.logprobs.values():
            for tokens in told.values():
                found.add("".join(_token(each) for each in tokens))
        return "\n".join(sorted(found, key=len))

    @property
    def finish_reason(self) -> str:
        """Why it ended; empty if it did not."""
        return self.finished.get(self.first, "")

    def count(self, name: str) -> int | None:
        """The number of tokens *name*; None if the server does not tell it, or one that cannot be."""
        found = self.usage.get(name)
        return found if isinstance(found, int) and 0 <= found <= MOST_TOKENS else None

    def forget_thoughts(self) -> None:
        """Leave out what the model has said to itself."""
        for message in self.messages.values():
            for key in THOUGHTS:
                message.pop(key, None)

    def as_chunk(self) -> Chunk:
        """All of it at once, without its end."""
        choices = [
            {"index": index, "delta": message, "logprobs": self.logprobs.get(index)}
            for index, message in sorted(self.messages.items())
        ]
        return {"choices": [{**each, "finish_reason": None} for each in choices]}

    def choices(self) -> list[dict[str, Any]]:
        """As a `chat.completion` has them."""
        return [
            {
                "index": index,
                "message": {"content": None, **_whole(message)},
                "finish_reason": self.finished.get(index),
                "logprobs": self.logprobs.get(index),
            }
            for index, message in sorted(self.messages.items())
        ]


def _whole(message: dict[str, Any]) -> dict[str, Any]:
    """*message* without the numbers by which the pieces of its calls were told apart."""
    if "tool_calls" not in message:
        return message
    calls = [
        {key: value for key, value in call.items() if key != "index"}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def says_something(chunk: Chunk) -> bool:
    """Whether *chunk* holds a part of the answer, or its end: after it nobody else can be asked."""
    return any(
        choice.get("finish_reason") or _said(choice.get("delta") or {})
        for choice in chunk.get("choices") or ()
    )


async def until_something(chunks: AsyncIterator[Chunk]) -> list[Chunk]:
    """The chunks up to the first that says something. Raises BrokenError."""
    begun = []
    async for chunk in chunks:
        begun.append(chunk)
        if says_something(chunk):
            return begun
    message = "said nothing at all"
    raise BrokenError(message)


def _texts(value: Any) -> Iterator[str]:
    """Every text in *value*; of arguments, which are JSON, those that they hold."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "arguments" and isinstance(each, str):
                yield from _texts(_parsed(each))
            elif key not in (*THOUGHTS, "role", "type", "index"):
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _parsed(arguments: str) -> Any:
    try:
        return orjson.loads(arguments)
    except ValueError:
        return arguments


def _token(told: Any) -> str:
    return str(told.get("token") or "") if isinstance(told, dict) else ""


def _said(delta: Mapping[str, Any]) -> bool:
    return any(value for key, value in delta.items() if key != "role")


def _add_delta(message: dict[str, Any], choice: Mapping[str, Any]) -> None:
    for key, value in (choice.get("delta") or {}).items():
        if key == "tool_calls":
            _add_calls(message.setdefault(key, []), value or ())
        elif isinstance(value, str) and key != "role":
            before = message.get(key)
            message[key] = before + value if isinstance(before, str) else value
        elif value is not None:
            message[key] = value


def _add_calls(calls: list[dict[str, Any]], more: Iterable[Mapping[str, Any]]) -> None:
    """A call of a tool comes in pieces: its arguments are text that grows."""
    known = {call["index"]: call for call in calls}
    for each in more:
        told = each.get("index")
        index = len(known) if told is None else told
        call = known.get(index)
        if call is None:
            call = known[index] = {"index": index, "type": "function", "function": {}}
            calls.append(call)
        function, said = call["function"], each.get("function") or {}
        function["arguments"] = function.get("arguments", "") + (said.get("arguments") or "")
        if said.get("name"):
            function["name"] = said["name"]
        call.update({key: each[key] for key in ("id", "type") if each.get(key)})
