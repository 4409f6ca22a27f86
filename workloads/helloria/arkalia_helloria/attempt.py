"""One try of a request with one pod: ask it, and pass its answer on while it comes."""

import asyncio
import time
from collections.abc import Callable

from starlette.types import Message

from arkalia_helloria.compression import compressed
from arkalia_helloria.exchange import Asked
from arkalia_helloria.settings import GatewaySettings
from arkalia_helloria.upstream.connection import Connection, Head
from arkalia_helloria.upstream.errors import (
    BrokenError,
    ClientLeftError,
    NotSentError,
    SilentError,
    SlowRequestError,
    UpstreamError,
)
from arkalia_helloria.upstream.replica import Replica
from arkalia_helloria.watch import Watch, Watches
from arkalia_runtime import deadline
from arkalia_runtime.repeating import REPEATABLE, UNAVAILABLE
from arkalia_runtime.watched import UnreadableError


class UnavailableError(UpstreamError):
    """A pod says that it cannot answer now; another one may."""

    outcome = "unavailable"


class Attempt:
    """The try."""

    def __init__(
        self,
        asked: Asked,
        replica: Replica,
        settings: GatewaySettings,
        watches: Watches,
        *,
        others: bool,
    ) -> None:
        self.replica = replica
        self._watches = watches
        self._asked = asked
        self._settings = settings
        self._others = others
        """Whether there is another pod to ask."""
        self._host = b""
        """What the pod is asked as."""
        self._connection: Connection | None = None
        self._was_used = False
        self._watch: Watch | None = None
        self._consumed = False
        """Whether parts of the body were sent that nobody has any more."""
        self.has_begun = False
        """Whether the client has some of the answer."""

    async def ask(self, host: bytes, token: Callable[[], bytes]) -> Head:
        """The beginning of the pod's answer. Raises UpstreamError."""
        asked, self._host = self._asked, host
        try:
            head = asked.head(host, token())
            connection = await self.replica.connection(time.monotonic())
        except UnreadableError as error:
            message = "cannot be asked: the gateway has no token or no trust yet"
            raise NotSentError(message) from error
        self._connection, self._was_used = connection, connection.was_used
        first = asked.part(asked.body, last=not asked.has_more)
        connection.ask(head + first, bodiless=asked.method == "HEAD")
        if asked.has_more:
            await self._send_rest(connection)
        self._watch = Watch(asked.receive, connection, self._settings.silence_seconds)
        self._watches.add(self._watch)
        seconds = asked.match.route.answer_seconds or self._settings.answer_seconds
        answer = await connection.head(deadline.left(seconds))
        if answer.status in UNAVAILABLE and self._others and self._is_repeatable:
            message = f"answers {answer.status}"
            raise UnavailableError(message)
        return answer

    async def pass_on(self, answer: Head) -> None:
        """Send the client *answer*, and its body as it comes. Raises UpstreamError."""
        watch = self._watch
        assert watch is not None  # noqa: S101 - what was asked has one
        try:
            await self._stream(answer, watch)
        except asyncio.CancelledError as error:
            if not watch.take_back():
                raise
            raise ClientLeftError from error

    async def _stream(self, answer: Head, watch: Watch) -> None:
        connection, send = watch.connection, self._asked.send
        headers = self._asked.answered(answer.headers, self._host)
        if self._asked.meter is not None:
            self._asked.meter.begin(answer.headers)
        data = self._seen(connection)
        if connection.ended and self._asked.method != "HEAD":
            headers, data = compressed(self._asked.scope["headers"], headers, data)
        headers += self._asked.said
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await watch.send(send, start)
        self.has_begun = True
        while not connection.ended:
            if data:
                await watch.send(send, _part(data, more=True))
            await connection.arrival(deadline.left(self._settings.silence_seconds))
            data = self._seen(connection)
        self._asked.has_ended = True
        await watch.send(send, _part(data, more=False))

    def _seen(self, connection: Connection) -> bytes:
        """What of the body has come."""
        data = connection.taken()
        if self._asked.meter is not None:
            self._asked.meter.see(data)
        return data

    def may_follow(self, error: UpstreamError) -> bool:
        """Whether the request may be sent to another pod after *error*."""
        if self.has_begun or self._consumed:
            return False
        return isinstance(error, NotSentError) or self._is_repeatable

    def met_an_old_connection(self, error: UpstreamError) -> bool:
        """Whether the pod may have closed an idle connection as the request came."""
        return self._was_used and isinstance(error, BrokenError)

    def blames(self, error: UpstreamError, seconds: float) -> bool:
        """Whether *error*, after *seconds*, says something about the pod."""
        if isinstance(error, SilentError):
            return seconds >= deadline.BLAMED_SECONDS
        if self.met_an_old_connection(error):
            return False
        return not isinstance(error, ClientLeftError | UnavailableError)

    def end(self) -> None:
        """Let go of the client and of the connection."""
        if self._watch is not None:
            self._watches.end(self._watch)
        if self._connection is None:
            return
        if self._asked.has_more:
            # The pod would take the next request for the rest of this one.
            self._connection.abort()
        self.replica.give_back(self._connection, time.monotonic())

    @property
    def _is_repeatable(self) -> bool:
        return self._asked.method in REPEATABLE and not self._consumed

    async def _send_rest(self, connection: Connection) -> None:
        """Send the body as it comes; a pod that has answered already wants no more of it."""
        asked = self._asked
        self._consumed = True
        end = asked.whole_by
        while asked.has_more and connection.answer is None:
            try:
                await asked.take(end - time.monotonic())
                async with asyncio.timeout(end - time.monotonic()):
                    await connection.send(asked.part(asked.body, last=not asked.has_more))
            except SlowRequestError:
                if connection.answer is None:
                    raise
            except TimeoutError as error:
                message = "took no whole request in time"
                raise SilentError(message) from error


def _part(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
