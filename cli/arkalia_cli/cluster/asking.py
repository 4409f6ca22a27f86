"""Requests to the gateway of a system as somebody whom it knows.

Who they are it learns from an API key in the environment, else from the session that `arkalia login`
has begun; without one, from the first administrator's password, which lies in a Secret: then it
takes the right to read that, and the session that begins so ends with the command.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from arkalia_cli import sessions
from arkalia_cli.api_paths import SECRET
from arkalia_cli.cluster import gateway as gateways
from arkalia_cli.cluster import logging_in, tunnel
from arkalia_cli.cluster.connection import Connection
from arkalia_cli.cluster.gateway import Gateway
from arkalia_cli.errors import (
    CliError,
    CodeNeededError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from arkalia_cli.sessions import Session
from arkalia_cli.system import GATEWAY
from arkalia_contract import files, identity

API_KEY: Final = "ARKALIA_API_KEY"
"""Variable with the API key to show."""
ACCOUNTS: Final = "/api/v1/security"
ANSWER_SECONDS: Final = 30.0
PASSWORD_HINT: Final = (
    "The password of the Secret may have been changed since, or takes a code: log in with "
    f"`arkalia login`, or make an API key, and write it into {API_KEY}."
)


@dataclass(slots=True)
class Asking:
    """One connection to a gateway."""

    connection: HTTPConnection
    token: str = ""
    prefix: str = ""
    """What the gateway's paths begin with."""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """JSON of the answer. Raises CliError."""
        said = {"Content-Type": "application/json"}
        if self.token:
            said["Authorization"] = f"{identity.BEARER} {self.token}"
        text = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, f"{self.prefix}{ACCOUNTS}{path}", text, said)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            cause = str(error) or "it has closed the connection"
            message = f"the gateway gave no answer: {cause}"
            raise UnreachableError(message, "`arkalia status` tells how it is.") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise refusal(answer.status, content)
        return json.loads(content) if content else None


@contextmanager
def asking(cluster: Connection, system: str) -> Iterator[Asking]:
    """A way to ask the gateway of *system*. Raises CliError."""
    found = gateways.find(cluster, system, GATEWAY)
    with closing(connected(cluster, found)) as connection:
        way = Asking(connection)
        if key := os.environ.get(API_KEY):
            way.token = key
            yield way
            return
        own = sessions.file_of(cluster.settings.host, cluster.namespace, system)
        if known := logging_in.token(way, own):
            way.token = known
            yield way
            return
        session = _logged_in(cluster, system, way)
        way.token = session.access_token
        try:
            yield way
        finally:
            logging_in.end(way, session)


def connected(cluster: Connection, gateway: Gateway) -> HTTPConnection:
    """A connection to *gateway* through the API server. Raises CliError."""
    way = tunnel.forwarded(cluster, gateway)
    way.settimeout(ANSWER_SECONDS)
    try:
        if gateway.tls is not None:
            way = gateway.tls.wrap_socket(way, server_hostname=gateway.host)
    except OSError as error:
        message = f"no connection to {gateway.host} could be made: {error}"
        raise UnreachableError(message, "`arkalia status` tells how it is.") from error
    connection = HTTPConnection(gateway.host, timeout=ANSWER_SECONDS)
    connection.sock = way
    # A second way would be looked for by name on the network, and spoken to without TLS.
    connection.auto_open = 0
    return connection


def _logged_in(cluster: Connection, system: str, way: Asking) -> Session:
    data = cluster.get(SECRET.path(cluster.namespace, identity.administrator(system)))["data"]
    read = {key: base64.b64decode(text).decode() for key, text in data.items()}
    proof = {"user": read[files.ADMIN_USERNAME_KEY], "password": read[files.ADMIN_PASSWORD_KEY]}
    try:
        session, _ = logging_in.begin(way, proof)
    except ForbiddenError as error:
        raise ForbiddenError(str(error), PASSWORD_HINT) from None
    return session


def refusal(status: int, content: bytes) -> CliError:
    """What the gateway's problem means."""
    detail, needs = _problem(status, content)
    if needs == "code":
        return CodeNeededError(detail)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ForbiddenError(detail)
    return NotFoundError(detail) if status == HTTPStatus.NOT_FOUND else RefusedError(detail)


def _problem(status: int, content: bytes) -> tuple[str, str]:
    """What the gateway says, and what it asks for beside."""
    try:
        problem = json.loads(content)
        return str(problem["detail"]), str(problem.get("needs", ""))
    except (ValueError, KeyError, TypeError):
        return f"the gateway answers {status}", ""
