"""Questions to the assistant of a system, through its gateway; answers come as they are said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final

from arkalia_cli.cluster import asking
from arkalia_cli.cluster.doors import Door
from arkalia_cli.errors import CliError, RefusedError, UnreachableError
from arkalia_contract import identity

CHAT: Final = "/api/v1/chat"
SILENCE_SECONDS: Final = 120.0
"""Longer than a question waits for its turn and for the first word of a model."""
LONGEST_LINE: Final = 4 * 1024 * 1024

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assistant:
    """The assistant behind a gateway, as somebody whom that knows asks it."""

    connect: Callable[[], HTTPConnection]
    """Each question has a connection of its own: none is kept that broke meanwhile."""
    credential: Callable[[], str]
    """An API key, or a token of a session: that is another one every few minutes."""
    path: str = CHAT

    def ask(self, question: Mapping[str, Any], say: Callable[[str], None]) -> Told:
        """What is told beside the answer, whose words went to *say*. Raises CliError."""
        said = {"Authorization": f"{identity.BEARER} {self.credential()}"}
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


def behind(door: Door, credential: Callable[[], str]) -> Assistant:
    """The assistant behind the gateway that *door* leads to."""
    return Assistant(lambda: door.connect(SILENCE_SECONDS), credential, f"{door.prefix}{CHAT}")


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
        error.hint = _advice(answer, str(error))
    return error


def _advice(answer: HTTPResponse, said: str) -> str:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return (
            "Log in with `arkalia login`, or make a key with "
            "`arkalia keys create NAME --scope chat --scope 'model:*'`."
        )
    if answer.status == HTTPStatus.FORBIDDEN:
        return "The key, and the roles of its user, need the scopes `chat` and `model:NAME`."
    if answer.status == HTTPStatus.NOT_FOUND and CHAT in said:
        return "Is the module assistantia on? `arkalia status` tells."
    if wait := answer.headers.get("Retry-After"):
        return f"Try again in {wait} s."
    return _hint(answer.headers.get("X-Request-Id"))


def _hint(request_id: str | None) -> str:
    return f"The logs of the modules have it as request {request_id}." if request_id else ""
