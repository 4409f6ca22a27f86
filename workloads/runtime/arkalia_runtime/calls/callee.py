"""One call: asks another module with this one's identity, as long as somebody waits for it.

Around each call stand, from the outside in: the breaker, the deadline, the retries, one try. So
the breaker counts calls and not tries, and a module that never answers counts against itself.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from arkalia_contract import headers, identity
from arkalia_runtime import deadline, logs, urgency
from arkalia_runtime.calls.breakers import AsyncCircuitBreakerFactory, OpenedState
from arkalia_runtime.calls.connections import Connections
from arkalia_runtime.calls.errors import (
    CallError,
    HurriedError,
    LateError,
    OpenBreakerError,
    UnavailableError,
)
from arkalia_runtime.calls.measures import Measures
from arkalia_runtime.repeating import REPEATABLE, UNAVAILABLE
from arkalia_runtime.tracing.spans import calling
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 10
"""Unless a call says otherwise, and never more than its own caller still waits."""

TRIES: Final = 3
"""Beyond that more tries are load on a module that has too much of it."""

RETRY_WAIT: Final = wait_random_exponential(multiplier=0.1, max=0.5)
"""Seconds between tries: a random part of 0.1, 0.2, ... so that callers do not come back as one."""

ABANDONED: Final = "abandoned"
"""The outcome of a call whose caller stopped waiting."""


class Content(TypedDict, total=False):
    """What a request carries; the meaning is httpx's."""

    json: Any
    content: bytes
    params: Mapping[str, str | int]
    headers: Mapping[str, str]


class _FailedTryError(Exception):
    """One try got no usable answer; the message says why."""


class _RepeatableTryError(_FailedTryError):
    """The same, and another try does no harm."""


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    ends: float
    """`time.monotonic()` after which nobody waits for the answer."""
    content: Content
    is_hurried: bool
    """Whether so little time is left that silence is not the module's fault."""

    @property
    def is_repeatable(self) -> bool:
        return self.method in REPEATABLE

    def headers(self, token: str) -> dict[str, str]:
        """Those of one try: who asks, for which request, how long it may take."""
        seconds = max(0.0, self.ends - time.monotonic())
        own = {
            "Authorization": f"{identity.BEARER} {token}",
            headers.REQUEST_ID: logs.request_id.get() or secrets.token_hex(16),
            headers.TIMEOUT: f"{seconds:.3f}",
        }
        if urgency.present() != urgency.USUAL:
            own[headers.PRIORITY] = f"u={urgency.present()}"
        if trace := logs.traceparent.get():
            own[headers.TRACEPARENT] = trace
        return {**self.content.get("headers", {}), **own}


@dataclass(frozen=True)
class Callee:
    """Another module that this one may call."""

    name: str
    address: Callable[[], str]
    """Its base URL."""
    token: Watched[str]
    """What this module shows it."""
    connections: Connections
    breakers: AsyncCircuitBreakerFactory
    measures: Measures

    async def request(
        self,
        method: str,
        path: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        paced: bool = False,
        **content: Unpack[Content],
    ) -> httpx.Response:
        """The module's answer, whole, of whatever status but 502 to 504.

        A *paced* call is one of a row that keeps its own time whatever is answered: the breaker
        leaves it alone, since it would spare the module nothing and learn later that it is back.

        Raises CallError if there is none within *timeout_seconds*, or within what is left of the
        request that this module is answering.
        """
        start, outcome = time.perf_counter(), ABANDONED
        seconds = deadline.left(timeout_seconds)
        is_hurried = seconds < min(timeout_seconds, deadline.BLAMED_SECONDS)
        asked = _Request(method.upper(), path, time.monotonic() + seconds, content, is_hurried)
        try:
            with calling(self.name, asked.method) as span:
                answer = await self._answer(asked, seconds, paced)
                span.set_attribute("http.response.status_code", answer.status_code)
            outcome = str(answer.status_code)
        except CallError as error:
            outcome = error.outcome
            logger.warning("%s", error.detail, extra={"callee": self.name, "outcome": outcome})
            raise
        finally:
            self.measures.ended(self.name, outcome, time.perf_counter() - start)
        return answer

    async def _answer(self, asked: _Request, seconds: float, paced: bool) -> httpx.Response:
        if not seconds:  # not the module's fault: it is not even asked
            raise LateError(self.name, f"No time was left to ask {self.name}.")
        return await (self._in_time if paced else self._guarded)(asked, seconds)

    async def _guarded(self, asked: _Request, seconds: float) -> httpx.Response:
        breaker = await self.breakers.get_breaker(self.name)
        try:
            async with breaker:
                return await self._in_time(asked, seconds)
        except OpenedState as state:
            # The library raises one object for all calls, and each would add its frames to it.
            state.with_traceback(None)
            sentence = f"{self.name} did not answer before; it is asked again in a few seconds."
            raise OpenBreakerError(self.name, sentence) from None

    async def _in_time(self, asked: _Request, seconds: float) -> httpx.Response:
        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=RETRY_WAIT,
            retry=retry_if_exception_type(_RepeatableTryError),
            before_sleep=self._note_retry,
            reraise=True,
        )
        try:
            async with asyncio.timeout(seconds):
                return await tries(self._try, asked)
        except TimeoutError:
            late = HurriedError if asked.is_hurried else LateError
            raise late(self.name, f"{self.name} did not answer in time.") from None
        except _FailedTryError as error:
            raise UnavailableError(self.name, f"{self.name} {error}.") from error

    async def _try(self, asked: _Request) -> httpx.Response:
        try:
            answer = await self._sent(asked)
        except UnreadableError as error:
            sentence = "cannot be asked: this module has no token or no trust yet"
            raise _FailedTryError(sentence) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            sentence = "cannot be reached"
            raise _RepeatableTryError(sentence) from error  # nothing was sent yet
        except httpx.TransportError as error:
            raise _failure(asked, "broke the connection off") from error
        if answer.status_code in UNAVAILABLE:
            raise _failure(asked, f"answers {answer.status_code}")
        return answer

    async def _sent(self, asked: _Request) -> httpx.Response:
        content: dict[str, Any] = {**asked.content, "headers": asked.headers(self.token.current())}
        async with self.connections.used() as client:
            return await client.request(asked.method, f"{self.address()}{asked.path}", **content)

    def _note_retry(self, state: RetryCallState) -> None:
        self.measures.tried_again(self.name)
        cause = state.outcome.exception() if state.outcome else None
        logger.info(
            "Trying again.",
            extra={"callee": self.name, "tries": state.attempt_number, "cause": repr(cause)},
        )


def _failure(asked: _Request, sentence: str) -> _FailedTryError:
    return _RepeatableTryError(sentence) if asked.is_repeatable else _FailedTryError(sentence)
