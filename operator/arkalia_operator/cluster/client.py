"""Requests to the API server: bounded in time and number, tried again where that can help.

Plain JSON over aiohttp: measured, the typed clients cost five to ten times the CPU of a request.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp
import orjson

from arkalia_operator import metrics
from arkalia_operator.backoff import Backoff
from arkalia_operator.cluster.kinds import collection, member
from arkalia_operator.cluster.session import LAST_WORD, Session
from arkalia_operator.cluster.write_gate import OpenWriteGate, WriteGate
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.errors import (
    ApiError,
    ForbiddenError,
    NotLeadingError,
    ThrottledError,
    UnauthorizedError,
    UnavailableError,
    from_response,
    from_transport,
)
from arkalia_operator.planning.actions import Delete
from arkalia_operator.planning.ownership import FIELD_MANAGER

LOGGER = logging.getLogger(__name__)

Body = dict[str, Any]
Parameters = Mapping[str, str]

ATTEMPT_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 2.0
UNLIMITED: Final = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
HEADERS_SECONDS: Final = 15.0
"""Until the API server accepts a watch: it does so before there is any event."""
DEADLINE_SECONDS: Final = 30.0
"""For a request with all its tries."""
FIRST_RETRY_SECONDS: Final = 0.1
LONGEST_RETRY_SECONDS: Final = 2.0
PAGE: Final = 100
"""Objects in one page of a list. A parsed object takes up to 40 KB, and memory that a process once
had it keeps."""
LISTS_AT_ONCE: Final = 2

APPLY: Final = "application/apply-patch+yaml"  # JSON is YAML too
BUILT_IN: Final = frozenset(
    {"v1", "apps/v1", "autoscaling/v2", "batch/v1", "networking.k8s.io/v1", "policy/v1"}
)
"""Versions of which the API server refuses an apply with an unknown field, however it validates:
strict validation parses the object twice more, and costs as much as the rest (seen on 1.36)."""
MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json"
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

BROKEN: Final = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    RuntimeError,  # "Session is closed": the credentials were renewed meanwhile
    orjson.JSONDecodeError,
)
RETRIED: Final = (ThrottledError, UnauthorizedError, UnavailableError)

NOT_PLAIN_IN_YAML: Final = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]"
)
"""Characters that JSON takes as they are and YAML as an escape only. The API server refuses an
apply with most of them, and makes a space of U+0085 (seen on 1.36)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it may be sent again."""

    method: str
    path: str
    parameters: Parameters = field(default_factory=dict)
    body: Body | None = None
    content_type: str = JSON
    accept: str = JSON
    asks: bool = False
    """Whether it is a question that HTTP makes a POST: it changes nothing."""

    @property
    def writes(self) -> bool:
        """Whether it would change something."""
        return self.method != "GET" and not self.asks


def encoded(body: Body) -> bytes:
    """*body* as JSON that means the same when it is read as YAML."""
    return NOT_PLAIN_IN_YAML.sub(_escaped, orjson.dumps(body))


def _escaped(found: re.Match[bytes]) -> bytes:
    return f"\\u{ord(found[0].decode()):04x}".encode()


class Client:
    """The API server, for everything but watches (see `stream`)."""

    def __init__(
        self,
        session: Session,
        in_flight: int = 24,
        gate: WriteGate | None = None,
        patience: float = ATTEMPT_SECONDS,
    ) -> None:
        self._session = session
        self._patience = patience
        self._gate = gate or OpenWriteGate()
        self._slots = asyncio.Semaphore(in_flight)
        self.was_forbidden = False
        """Whether something was forbidden since this was last taken back: a right may have gone."""
        self.listing = asyncio.Semaphore(LISTS_AT_ONCE)
        """To be held by who reads a long list: bounds the memory of a start."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Body:
        """One object. Raises NotFoundError and the other ApiErrors."""
        return await self.send(Request("GET", member(kind, namespace, name)))

    async def pages(
        self, kind: Kind, namespace: str | None, selector: str = "", accept: str = JSON
    ) -> AsyncIterator[Body]:
        """All objects of *kind*, page by page, in one consistent snapshot.

        Raises GoneError if the snapshot is forgotten before the last page.
        """
        parameters = {"limit": str(PAGE)} | ({"labelSelector": selector} if selector else {})
        while True:
            page = await self.send(
                Request("GET", collection(kind, namespace), parameters, accept=accept)
            )
            yield page
            following = page["metadata"].get("continue")
            if not following:
                return
            parameters |= {"continue": following}

    async def apply(self, kind: Kind, manifest: Body, *, force: bool) -> Body:
        """Server-side apply; gives the live object. Without *force*, ConflictError on a clash."""
        metadata = manifest["metadata"]
        path = member(kind, metadata["namespace"], metadata["name"])
        return await self.send(_apply(kind, path, manifest, force=force))

    async def apply_status(self, kind: Kind, manifest: Body) -> Body:
        """Server-side apply of the status alone; gives the live object."""
        metadata = manifest["metadata"]
        path = member(kind, metadata["namespace"], metadata["name"])
        return await self.send(_apply(kind, f"{path}/status", manifest, force=True))

    async def delete(self, kind: Kind, action: Delete) -> Body:
        """Delete the object if it still is the one that *action* means; else ConflictError."""
        wanted = {"uid": action.uid, "resourceVersion": action.resource_version}
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {name: value for name, value in wanted.items() if value},
            "propagationPolicy": "Background",
        }
        path = member(kind, action.key.namespace, action.key.name)
        return await self.send(Request("DELETE", path, body=options))

    async def create(self, kind: Kind, namespace: str, body: Body) -> Body:
        """Create an object."""
        parameters = {"fieldManager": FIELD_MANAGER}
        return await self.send(Request("POST", collection(kind, namespace), parameters, body))

    async def ask(self, path: str, question: Body) -> Body:
        """Put a question that is too long for an address; nothing is written by it."""
        return await self.send(Request("POST", path, body=question, asks=True))

    async def merge(self, kind: Kind, namespace: str, name: str, change: Body) -> Body:
        """Merge *change* into an object."""
        path = member(kind, namespace, name)
        parameters = {"fieldManager": FIELD_MANAGER}
        return await self.send(Request("PATCH", path, parameters, change, MERGE))

    async def send(self, request: Request, deadline: float = DEADLINE_SECONDS) -> Body:
        """Send *request*, again where that can help, for at most *deadline* seconds.

        Raises ApiError: NotLeadingError for a write of a process that may not.
        """
        ends = asyncio.get_running_loop().time() + deadline
        backoff = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        while True:
            try:
                async with self._slots:
                    return await self._attempt(request)
            except RETRIED as error:
                await self._before_retry(request, error, backoff, ends)

    async def stream(self, path: str, parameters: Parameters) -> AsyncGenerator[bytes, None]:
        """The raw bytes of a watch as they come, until the API server ends it. One try only.

        How long it may be silent, the caller decides.
        """
        try:
            LAST_WORD.set(partial(self._make_sure_it_may, Request("GET", path)))
            async with asyncio.timeout(HEADERS_SECONDS):
                got = await self._session.request("GET", path, UNLIMITED, params=parameters)
            async with got:
                _count("WATCH", got.status)
                if got.status != 200:  # noqa: PLR2004
                    raise await self._refused(got)
                async for chunk in got.content.iter_any():
                    yield chunk
        except BROKEN as error:
            raise from_transport(error) from error

    async def _attempt(self, request: Request) -> Body:
        limits = self._limits(request)
        LAST_WORD.set(partial(self._make_sure_it_may, request))
        with metrics.REQUEST_TIME.labels(request.method).time():
            try:
                async with await self._session.request(
                    request.method,
                    request.path,
                    limits,
                    params=request.parameters,
                    data=None if request.body is None else encoded(request.body),
                    headers={"Accept": request.accept, "Content-Type": request.content_type},
                ) as got:
                    _count(request.method, got.status)
                    return await self._judge(got)
            except BROKEN as error:
                _count(request.method, None)
                raise from_transport(error) from error

    def _limits(self, request: Request) -> aiohttp.ClientTimeout:
        """The time for one try. Raises NotLeadingError.

        A write is given up with the lease, so that none of it arrives when somebody else leads.
        """
        self._make_sure_it_may(request)
        left = self._gate.remaining() if request.writes else math.inf
        return aiohttp.ClientTimeout(total=min(left, self._patience), sock_connect=CONNECT_SECONDS)

    def _make_sure_it_may(self, request: Request) -> None:
        """Raises NotLeadingError for a write without the lease: the one place that decides it."""
        if request.writes and self._gate.remaining() <= 0:
            raise NotLeadingError

    async def _judge(self, got: aiohttp.ClientResponse) -> Body:
        if got.status >= 300:  # noqa: PLR2004
            raise await self._refused(got)
        body: Body = orjson.loads(await got.read())
        return body

    async def _refused(self, got: aiohttp.ClientResponse) -> ApiError:
        error = from_response(got.status, await got.read(), got.headers.get("Retry-After"))
        if isinstance(error, UnauthorizedError):
            await self._session.renew()
        if isinstance(error, ForbiddenError):
            self.was_forbidden = True
        return error

    async def _before_retry(
        self, request: Request, error: ApiError, backoff: Backoff, ends: float
    ) -> None:
        """Wait as long as it is asked for and makes sense; raise *error* once time is up."""
        delay = backoff.next()
        if isinstance(error, ThrottledError):
            delay += error.retry_after
        if asyncio.get_running_loop().time() + delay > ends:
            raise error
        metrics.REQUEST_RETRIES.labels(request.method).inc()
        LOGGER.debug("%s %s: %s; again in %.1f s", request.method, request.path, error, delay)
        await asyncio.sleep(delay)


def _apply(kind: Kind, path: str, manifest: Body, *, force: bool) -> Request:
    built_in = kind.api_version in BUILT_IN
    parameters = {
        "fieldManager": FIELD_MANAGER,
        # A mistyped field is told, not dropped in silence.
        "fieldValidation": "Ignore" if built_in else "Strict",
        "force": "true" if force else "false",
    }
    return Request("PATCH", path, parameters, manifest, APPLY)


def _count(method: str, status: int | None) -> None:
    metrics.REQUESTS.labels(str(status or "<error>"), method).inc()
