"""OpenAI's API, as a server speaks it: the form that requests and answers have inside too."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import aiohttp

from arkalia_assistantia.backends import forms, room, wire
from arkalia_assistantia.backends.completion import Chunk
from arkalia_assistantia.backends.errors import BrokenError

CHAT: Final = "/v1/chat/completions"
EMBEDDINGS: Final = "/v1/embeddings"
MODELS: Final = "/v1/models"

DATA: Final = b"data:"
DONE: Final = b"[DONE]"

OWN: Final = "arkalia"
"""Member of a request and of an answer that is Arkalia's own."""
OF_OLLAMA: Final = "arkalia_ollama"
"""Member of a request, inside alone: what a client of Ollama asks for that OpenAI has no word for."""


def address(url: str, path: str) -> str:
    """Where *path* is at the server whose base URL is *url*, with `/v1` at its end or without."""
    return url.rstrip("/").removesuffix("/v1") + path


def request(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """*body* as the server gets it: always as a stream, and with the number of tokens at its end."""
    passed = {key: value for key, value in body.items() if key not in (OWN, OF_OLLAMA)}
    return {**passed, "model": model, "stream": True, "stream_options": {"include_usage": True}}


async def chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[Chunk]:
    """What the server says. Raises BrokenError if it stops before its end."""
    async for line in wire.lines(answer):
        if not line.startswith(DATA):
            continue  # a comment, or the name of an event
        data = line.removeprefix(DATA).strip()
        if data == DONE:
            return
        yield forms.checked(wire.document(data), forms.Chunk)
    message = "stopped before the end of its answer"
    raise BrokenError(message)


def models(listed: Any) -> dict[str, int]:
    """The names in an answer of `/v1/models`, each with the tokens that it reads; 0 if nobody knows."""
    return {str(each["id"]): room.tokens(each) for each in listed.get("data") or ()}
