"""Stands between a module's answer and the client, and keeps the answer if it says so.

An answer that is kept is held back until it is whole: it is short, and who waits for it beside this
client then waits for the module and not for the client. All others go on as they come.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from starlette.types import Message, Send

from arkalia_helloria.cache.kept import Kept, kept, still_holding
from arkalia_helloria.cache.terms import Pairs, Terms, terms
from arkalia_helloria.routes import Habit
from arkalia_helloria.upstream.connection import Head

PASS_SECONDS: Final = 10.0
"""So long nothing is looked for where an answer said nothing of being kept."""


class Course(Enum):
    """What becomes of an answer."""

    NONE = auto()
    """There is none yet."""
    PASSED = auto()
    """It goes to the client as it comes."""
    HELD = auto()
    """It is held back, to be kept."""
    WHOLE = auto()
    """It has come to its end, held back."""
    UNCHANGED = auto()
    """The module says that what is kept still holds."""
    DROPPED = auto()
    """The same, but it may not be kept any more."""
    FAILED = auto()
    """The module has none, and what is kept is better than that."""


@dataclass(frozen=True)
class Errand:
    """Why the module is asked."""

    asked: Pairs
    """Headers of the client's request."""
    habit: Habit
    former: Kept | None
    """What is kept already, and too old."""
    most_bytes: int
    released: Callable[[], None]
    """Called as soon as it is certain that there is nothing for others in the answer."""


class Recorder:
    """Takes the place of *send* for one answer."""

    def __init__(self, send: Send, said: Pairs, errand: Errand) -> None:
        self.course = Course.NONE
        self.found: Kept | None = None
        """What can be given to the client."""
        self._send = send
        self._said = said
        self._errand = errand
        self._at = time.time()
        self._start: Message = {}
        self._agreed: Terms | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self.course is Course.PASSED:
            await self._send(message)
        elif self.course is Course.HELD:
            await self._hold(message)

    async def _begin(self, message: Message) -> None:
        status, headers, former = message["status"], message["headers"], self._errand.former
        if former and former.tag and status == HTTPStatus.NOT_MODIFIED:
            self.found, may_stay = still_holding(former, headers, self._at)
            self.course = Course.UNCHANGED if may_stay else Course.DROPPED
            return
        if self.has_failed(status):
            return
        self._start, self._agreed = message, terms(status, headers)
        self._learn(status)
        if self._agreed is None or self._is_too_long(headers):
            await self._pass()
        else:
            self.course = Course.HELD

    def has_failed(self, status: int) -> bool:
        """Whether an answer with *status* is worse than what is kept, which is given then."""
        former = self._errand.former
        if former is None or status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        if self.course is Course.PASSED or time.time() >= former.on_error_until:
            return False
        self.course, self.found = Course.FAILED, former
        return True

    def _is_too_long(self, headers: Pairs) -> bool:
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        return int(length) > self._errand.most_bytes

    def _learn(self, status: int) -> None:
        habit = self._errand.habit
        if self._agreed is not None:
            habit.keeps, habit.shares = True, self._agreed.public
        elif status == HTTPStatus.OK and not habit.keeps:
            habit.passes_until = time.monotonic() + PASS_SECONDS

    async def _hold(self, message: Message) -> None:
        self._body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(self._body) > self._errand.most_bytes:
            await self._pass()
            await self._send({**message, "body": bytes(self._body)})
        elif not more:
            self.course, self.found = Course.WHOLE, self._answer()

    async def _pass(self) -> None:
        """Let the answer go to the client."""
        self.course = Course.PASSED
        self._errand.released()
        await self._send({**self._start, "headers": [*self._start["headers"], *self._said]})

    def _answer(self) -> Kept:
        assert self._agreed is not None  # noqa: S101 - only such an answer is held back
        head = Head(self._start["status"], self._start["headers"])
        return kept(head, bytes(self._body), self._agreed, self._errand.asked, self._at)
