"""What is seen of clients while their answers go on: whether one has left, and whether it takes anything.

Both are looked at beside the answer, and most answers are over before anybody looks: a timer for each
of them would cost more than all else that is done here for it.
"""

import asyncio
from typing import Final

from starlette.types import Message, Receive, Send

from arkalia_helloria.upstream.connection import CLOCK_SECONDS, Connection

WATCH_SECONDS: Final = 0.02
"""A client is watched once its answer takes longer than this, and at the latest after twice as long: most
have theirs before."""


class Watch:
    """The look at one client."""

    __slots__ = (
        "_answering", "_given_up", "_patience", "_receive", "_since", "_task", "_timer", "connection",
    )  # fmt: skip

    def __init__(self, receive: Receive, connection: Connection, patience: float) -> None:
        self.connection = connection
        """The exchange that ends with the client."""
        self._receive = receive
        self._patience = patience
        """Seconds that the client may take nothing."""
        self._answering = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since: float | None = None
        """When the part was sent that the client has not taken yet."""
        self._given_up = False

    async def send(self, send: Send, message: Message) -> None:
        """Send a part of the answer."""
        self._since = asyncio.get_running_loop().time()
        await send(message)
        self._since = None

    def take_back(self) -> bool:
        """Take back the cancellation that came from here, as the client takes nothing.

        False if none did, and where somebody else cancelled too.
        """
        answering = self._answering
        return self._given_up and answering is not None and not answering.uncancel()

    def begin(self) -> None:
        """Look at the client from now on."""
        self._task = asyncio.create_task(self._until_gone())
        self.look()

    def stop(self) -> None:
        """The exchange is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def look(self) -> None:
        """Give the client up, if it takes nothing for too long; look again when that can be."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = (now if self._since is None else self._since) + self._patience
        if self._since is not None and late - CLOCK_SECONDS <= now and self._answering is not None:
            self._given_up = True
            self._answering.cancel()
        else:
            self._timer = loop.call_at(late, self.look)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.connection.leave()


class Watches:
    """Begins the look at every client whose answer takes long. One timer serves all of a module."""

    def __init__(self) -> None:
        self._new: set[Watch] = set()
        self._waiting: set[Watch] = set()
        """Those that had come at the last tick."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watch: Watch) -> None:
        """Begin *watch* if it is still there after a while."""
        self._new.add(watch)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WATCH_SECONDS, self.tick)

    def end(self, watch: Watch) -> None:
        """The exchange of *watch* is over."""
        self._new.discard(watch)
        self._waiting.discard(watch)
        watch.stop()

    def tick(self) -> None:
        """Begin the look at those that had come at the last tick."""
        for watch in self._waiting:
            watch.begin()
        self._waiting, self._new = self._new, set()
        self._timer = None
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(WATCH_SECONDS, self.tick)
