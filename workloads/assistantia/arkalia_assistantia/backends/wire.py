"""The connection to a model server: one request, and its answer line by line.

The answer is closed by a plain function, so that also a task that is being cancelled can end it at
once: a server notices the closed connection, and computes nothing more for it.
"""

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from arkalia_assistantia.backends.errors import (
    BackendError,
    BrokenError,
    BusyError,
    FailedError,
    RefusedError,
    UnreachableError,
    UnsuitableError,
    UnsupportedError,
)
from arkalia_contract import environment
from arkalia_runtime.watched import UnreadableError, Watched

CONNECT_SECONDS: Final = 2.0
LONGEST_LINE: Final = 1024 * 1024
"""Bytes. A line holds a few words of the answer, or one whole call of a tool."""
BREATH: Final = 65_536
"""Bytes of an answer after which everybody else has a turn."""
MOST_CONNECTIONS: Final = 512
LONGEST_COMPLAINT: Final = 500
"""Characters of what a server says is wrong that are passed on."""
LONGEST_WHOLE: Final = 32 * 1024 * 1024
"""Bytes of an answer that does not come line by line: many embeddings."""

UNSUITABLE: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
UNSUPPORTED: Final = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
OF_THE_REQUEST: Final = re.compile("(?i)not supported|unsupported|too large|too long")
"""How servers that answer 500 to everything say that it is the request which cannot be answered."""
BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Wire:
    """Connections to all servers. Opened once, for the life of the service."""

    def __init__(self, idle_seconds: float, look_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._session: aiohttp.ClientSession | None = None
        bundle = os.environ.get(environment.SSL_CERT_FILE, "")
        paths = [Path(bundle)] if bundle else []
        self._trust = Watched(paths, ssl.create_default_context, look_seconds)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Keep connections for the block."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=self._idle_seconds
        )
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
            timeout=timeout,
            read_bufsize=LONGEST_LINE,
            trust_env=True,  # the system's proxies, where it names some
            # What unfolds to a thousand times its size would unfold in the loop, which serves everybody.
            headers={"Accept-Encoding": "identity"},
            auto_decompress=False,
        ) as self._session:
            yield self

    async def ask(
        self, url: str, key: str, body: Mapping[str, Any] | None
    ) -> aiohttp.ClientResponse:
        """The answer to *body*, whose content has not come yet; GET without one. Raises BackendError."""
        assert self._session is not None  # noqa: S101 - requests come while it is open
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        method = "GET" if body is None else "POST"
        data = None if body is None else orjson.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._session.request(
                method, url, data=data, headers=headers, ssl=self._trust.current()
            )
        except (aiohttp.ClientError, TimeoutError, OSError, UnreadableError) as error:
            raise UnreachableError(_sentence(error)) from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise await _complaint(answer)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            answer.close()
            message = "answers in a compressed form, which nobody asked for"
            raise UnreachableError(message)
        return answer

    async def whole(self, url: str, key: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to *body* as a document. Raises BackendError."""
        answer = await self.ask(url, key, body)
        try:
            return orjson.loads(await _read(answer, LONGEST_WHOLE))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnreachableError(_sentence(error)) from error
        finally:
            answer.close()


async def lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The lines of *answer* as they come, without those that are empty. Raises BrokenError."""
    rest, taken = b"", 0
    try:
        async for part in answer.content.iter_chunked(BREATH):
            taken += len(part)
            if taken > BREATH:
                taken = 0
                await asyncio.sleep(0)  # a server that never pauses would leave no time to others
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                if stripped := _bounded(line).strip():
                    yield stripped
            _bounded(rest)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise BrokenError(_sentence(error)) from error
    if stripped := rest.strip():
        yield stripped


def _bounded(line: bytes) -> bytes:
    if len(line) > LONGEST_LINE:
        message = f"says a line of more than {LONGEST_LINE} bytes"
        raise BrokenError(message)
    return line


def document(line: bytes) -> dict[str, Any]:
    """The object that *line* holds. Raises BrokenError, also if the server tells of an error."""
    try:
        found = orjson.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = "says what is no JSON object"
        raise BrokenError(message)
    if "error" in found:
        message = f"says: {_message(found)}"
        raise BrokenError(message)
    return found


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    content = bytearray()
    async for part in answer.content.iter_any():
        content += part
        if len(content) > most:
            message = f"its answer has more than {most} bytes"
            raise ValueError(message)
    return bytes(content)


async def _complaint(answer: aiohttp.ClientResponse) -> BackendError | RefusedError:
    """What an answer that is no success means."""
    status = answer.status
    try:
        text = (await _read(answer, LONGEST_LINE)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, ValueError):
        text = ""
    finally:
        answer.close()
    said = f"answers {status}: {_message(_parsed(text)) or text[:LONGEST_COMPLAINT]}".rstrip(": ")
    if status in BUSY:
        return BusyError(said)
    if status in UNSUITABLE:
        return UnsuitableError(said, status)
    if status in UNSUPPORTED:
        return UnsupportedError(said, status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        complaint = _message(_parsed(text))
        if OF_THE_REQUEST.search(complaint):
            return UnsupportedError(said, status)
        # Who has a sentence to say is there; a proxy before one that is not has none.
        return FailedError(said) if complaint else UnreachableError(said)
    return RefusedError(status, said)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _message(found: Any) -> str:
    """The sentence in an error of OpenAI's form, or of Ollama's."""
    error = found.get("error") if isinstance(found, dict) else None
    told = error.get("message") if isinstance(error, dict) else error
    return str(told or "")[:LONGEST_COMPLAINT]


def _sentence(error: Exception) -> str:
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "says nothing in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "cannot be reached"
    return f"broke the connection off ({type(error).__name__})"
