"""Questions to the assistant of a system, through its gateway; answers come as they are said."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from arkalia_cli.cluster import asking
from arkalia_cli.cluster import gateway as gateways
from arkalia_cli.cluster.connection import Connection
from arkalia_cli.errors import CliError, MistakeError, RefusedError, UnreachableError
from arkalia_contract import identity

CHAT: Final = "/api/v1/chat"
SILENCE_SECONDS: Final = 120.0
"""Longer than a question waits for its turn and for the first word of a model."""
LONGEST_LINE: Final = 4 * 1024 * 1024
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assistant:
    """The assistant behind a gateway, as the owner of an API key asks it."""

    connect: Callable[[], HTTPConnection]
    """Each question has a connection of its own: none is kept that broke meanwhile."""
    key: str
    path: str = CHAT

    def ask(self, question: Mapping[str, Any], say: Callable[[str], None]) -> Told:
        """What is told beside the answer, whose words went to *say*. Raises CliError."""
        said = {"Authorization": f"{identity.BEARER} {self.key}"}
        said |= {"Content-Type": "application/json", "Accept": "text/event-stream"}
        body = json.dumps({**question, "stream": True})
        with closing(self.connect()) as connection:
            try:
                connection.request("POST", self.path, body, said)
                answer = connection.getresponse()
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise _refusal(answer)
                return _heard(answer, say)
            except (OSError, HTTPException) as error:
                message = f"the gateway gave no answer, or broke it off: {error}"
                raise UnreachableError(message, "`arkalia status` tells how it is.") from error


def through_the_api_server(cluster: Connection, system: str, key: str) -> Assistant:
    """The assistant of *system*, by the way of `arkalia open`. Raises CliError."""
    found = gateways.find(cluster, system, asking.GATEWAY)

    def connect() -> HTTPConnection:
        connection = asking.connected(cluster, found)
        connection.sock.settimeout(SILENCE_SECONDS)
        return connection

    return Assistant(connect, key)


def at(url: str, key: str) -> Assistant:
    """The assistant behind the gateway at *url*. Raises MistakeError."""
    parts = _usable(url)
    host, port = str(parts.hostname), parts.port

    def connect() -> HTTPConnection:
        if parts.scheme == "http":
            return HTTPConnection(host, port, timeout=SILENCE_SECONDS)
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=SILENCE_SECONDS, context=context)

    return Assistant(connect, key, f"{parts.path.rstrip('/')}{CHAT}")


def _usable(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        message = f"{url!r} is no URL of a gateway"
        raise MistakeError(message, "Write it as in https://arkalia.example.com.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        message = f"the key would cross the network to {parts.hostname} in clear text"
        raise MistakeError(message, "Use https, or `arkalia open` and its URL.")
    return parts


def _heard(answer: HTTPResponse, say: Callable[[str], None]) -> Told:
    """What the last event tells. Raises CliError."""
    for name, data in _events(answer):
        if name == "word":
            say(str(data["text"]))
        elif name == "problem":
            raise RefusedError(str(data.get("detail")), _hint(data.get("request_id")))
        elif name == "end":
            return data
    message = "the answer broke off in the middle"
    raise UnreachableError(message, "`arkalia status` tells how the gateway is.")


def _events(answer: HTTPResponse) -> Iterator[tuple[str, Told]]:
    name = ""
    while line := answer.readline(LONGEST_LINE):
        field, _, text = line.decode("utf-8", "replace").rstrip("\r\n").partition(": ")
        if field == "event":
            name = text
        elif field == "data":
            try:
                yield name, dict(json.loads(text))
            except (ValueError, TypeError) as error:
                message = "the gateway answers something that is no answer of the assistant"
                raise RefusedError(message) from error


def _refusal(answer: HTTPResponse) -> CliError:
    error = asking.refusal(answer.status, answer.read(LONGEST_LINE))
    if not error.hint:
        error.hint = _advice(answer)
    return error


def _advice(answer: HTTPResponse) -> str:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return "Make a key with `arkalia keys create NAME --scope chat --scope 'model:*'`."
    if answer.status == HTTPStatus.FORBIDDEN:
        return "The key, and the roles of its user, must have the scope `chat`."
    if answer.status == HTTPStatus.NOT_FOUND:
        return "Is the module assistantia on? `arkalia status` tells."
    if wait := answer.headers.get("Retry-After"):
        return f"Try again in {wait} s."
    return _hint(answer.headers.get("X-Request-Id"))


def _hint(request_id: str | None) -> str:
    return f"The logs of the modules have it as request {request_id}." if request_id else ""
