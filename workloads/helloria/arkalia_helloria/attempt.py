"""One try of a request with one pod: ask it, and pass its answer on while it comes."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from starlette.types import Message, Receive

from arkalia_helloria.compression import compressed
from arkalia_helloria.exchange import NEVER_ANSWERED, Asked
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
from arkalia_runtime import deadline
from arkalia_runtime.repeating import REPEATABLE, UNAVAILABLE
from arkalia_runtime.watched import UnreadableError

WATCH_SECONDS: Final = 0.02
"""A client is watched once its answer takes longer than this: most have theirs before."""


class UnavailableError(UpstreamError):
    """A pod says that it cannot answer now; another one may."""

    outcome = "unavailable"


class Attempt:
    """The try."""

    def __init__(
        self, asked: Asked, replica: Replica, settings: GatewaySettings, *, others: bool
    ) -> None:
        self.replica = replica
        self._asked = asked
        self._settings = settings
        self._others = others
        """Whether there is another pod to ask."""
        self._connection: Connection | None = None
        self._was_used = False
        self._watch: Watch | None = None
        self._consumed = False
        """Whether parts of the body were sent that nobody has any more."""
        self.has_begun = False
        """Whether the client has some of the answer."""

    async def ask(self, host: bytes, token: Callable[[], bytes]) -> Head:
        """The beginning of the pod's answer. Raises UpstreamError."""
        asked = self._asked
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
        self._watch = Watch(asked.receive, connection)
        seconds = asked.match.route.answer_seconds or self._settings.answer_seconds
        answer = await connection.head(deadline.left(seconds))
        if answer.status in UNAVAILABLE and self._others and self._is_repeatable:
            message = f"answers {answer.status}"
            raise UnavailableError(message)
        return answer

    async def pass_on(self, answer: Head) -> None:
        """Send the client *answer*, and its body as it comes. Raises UpstreamError."""
        connection = self._connection
        assert connection is not None  # noqa: S101 - what was asked has one
        headers = [each for each in answer.headers if each[0] not in NEVER_ANSWERED]
        if self._asked.meter is not None:
            self._asked.meter.begin(answer.headers)
        data = self._seen(connection)
        if connection.ended and self._asked.method != "HEAD":
            headers, data = compressed(self._asked.scope["headers"], headers, data)
        headers += self._asked.said
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await self._send(start)
        self.has_begun = True
        while not connection.ended:
            if data:
                await self._send_part(data, more=True)
            await connection.arrival(deadline.left(self._settings.silence_seconds))
            data = self._seen(connection)
        self._asked.has_ended = True
        await self._send_part(data, more=False)

    def _seen(self, connection: Connection) -> bytes:
        """What of the body has come."""
        data = connection.taken()
        if self._asked.meter is not None:
            self._asked.meter.see(data)
        return data

    async def _send_part(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _send(self, message: Message) -> None:
        """Send *message*; who takes nothing for so long as a pod may be silent is gone."""
        try:
            async with asyncio.timeout(self._settings.silence_seconds):
                await self._asked.send(message)
        except TimeoutError as error:
            raise ClientLeftError from error

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
            self._watch.stop()
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


class Watch:
    """Sees that the client leaves, and ends the exchange with the pod."""

    def __init__(self, receive: Receive, connection: Connection) -> None:
        self._receive = receive
        self._connection = connection
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._begin)

    def stop(self) -> None:
        """The exchange is over."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._connection.leave()
