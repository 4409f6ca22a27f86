"""The way to one module: one try after the other, as long as that does no harm.

A request is sent again, to another pod, where nothing of it has arrived, or where it may arrive
twice and no answer has begun. A connection that was kept too long may break as a request comes: then
the same pod is asked once more.
"""

import logging
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from arkalia_helloria.attempt import Attempt, UnavailableError
from arkalia_helloria.exchange import Asked
from arkalia_helloria.settings import GatewaySettings
from arkalia_helloria.upstream.balancer import Balancer
from arkalia_helloria.upstream.budget import RetryBudget
from arkalia_helloria.upstream.errors import (
    BrokenError,
    ClientLeftError,
    NotSentError,
    SilentError,
    UpstreamError,
)
from arkalia_helloria.upstream.measures import Measures
from arkalia_helloria.upstream.replica import Replica
from arkalia_helloria.watch import Watches
from arkalia_runtime.problems import Problem

logger: Final = logging.getLogger(__name__)

TRIES: Final = 3
"""Of one request, at most."""

RETRY_AFTER: Final = {"Retry-After": "1"}

NOBODY: Final = "has no pod that answers; it is asked again in a moment"

STATUSES: Final[dict[type[UpstreamError], HTTPStatus]] = {
    NotSentError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    BrokenError: HTTPStatus.BAD_GATEWAY,
    SilentError: HTTPStatus.GATEWAY_TIMEOUT,
}


class Way:
    """The pods of a module, and what retries may cost."""

    def __init__(self, balancer: Balancer, settings: GatewaySettings, measures: Measures) -> None:
        self.balancer = balancer
        self._settings = settings
        self._measures = measures
        self._module = balancer.callee.module
        self._host = urlsplit(balancer.callee.address).netloc.encode("ascii")
        self._budget = RetryBudget()
        self._watches = Watches()

    async def answer(self, asked: Asked) -> None:
        """Answer *asked* with what a pod says.

        Raises Problem if none answers, ClientLeftError if nobody waits any more.
        """
        self._budget.earn()
        tried: set[Replica] = set()
        for tries in range(1, TRIES + 1):
            replica = await self.balancer.choose(tried) or self.balancer.service(tried)
            if replica is None:
                raise self._problem(HTTPStatus.SERVICE_UNAVAILABLE, NOBODY)
            tried.add(replica)
            others = tries < TRIES and self.balancer.has_others(tried)
            attempt = Attempt(asked, replica, self._settings, self._watches, others=others)
            error = await self._tried(attempt)
            if error is None:
                return
            if attempt.met_an_old_connection(error):
                tried.discard(replica)
                others = tries < TRIES
            if isinstance(error, NotSentError):
                others = others or (tries < TRIES and self.balancer.service(tried) is not None)
            if not (others and attempt.may_follow(error) and self._affords(error)):
                raise self._problem(STATUSES[type(error)], str(error)) from error
            self._measures.tried_again(self._module, error.outcome)

    async def _tried(self, attempt: Attempt) -> UpstreamError | None:
        """Why the client has no answer after *attempt*; None if it has one."""
        start = time.monotonic()
        attempt.replica.begin()
        try:
            answer = await attempt.ask(self._host, self.balancer.token)
            seconds = time.monotonic() - start
            self.balancer.succeeded(attempt.replica, seconds)
            self._measures.answered(self._module, str(answer.status), seconds)
            await attempt.pass_on(answer)
        except UpstreamError as error:
            self._failed(attempt, error, time.monotonic() - start)
            return None if attempt.has_begun else error
        finally:
            attempt.replica.end()
            attempt.end()
        return None

    def _failed(self, attempt: Attempt, error: UpstreamError, seconds: float) -> None:
        self._measures.ended(self._module, error.outcome)
        if attempt.blames(error, seconds):
            self.balancer.failed(attempt.replica)
        if isinstance(error, ClientLeftError):
            raise error
        if attempt.has_begun:
            # The client has a beginning without an end: the server breaks its connection off.
            said = {"callee": self._module, "outcome": error.outcome}
            logger.warning("An answer broke off: %s %s.", self._module, error, extra=said)

    def _affords(self, error: UpstreamError) -> bool:
        """Whether one more try may be made: it is free where nothing has arrived."""
        return isinstance(error, NotSentError) or self._budget.spend()

    def _problem(self, status: HTTPStatus, sentence: str) -> Problem:
        problem = Problem(status, f"{self._module} {sentence}.", callee=self._module)
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            problem.headers = RETRY_AFTER
        return problem
