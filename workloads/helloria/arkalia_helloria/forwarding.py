"""Passes requests on to their modules, and the answers back, neither of them held up."""

from http import HTTPStatus

from arkalia_helloria.exchange import Asked
from arkalia_helloria.routes import ModuleAddress
from arkalia_helloria.settings import GatewaySettings
from arkalia_helloria.upstream.balancer import Balancer, Lookup, look_up
from arkalia_helloria.upstream.errors import ClientLeftError, SlowRequestError
from arkalia_helloria.upstream.fetching import fetch
from arkalia_helloria.upstream.measures import Measures
from arkalia_helloria.upstream.trust import Trusts
from arkalia_helloria.way import RETRY_AFTER, Way
from arkalia_runtime import deadline
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem


class Forwarder:
    """The ways to all modules."""

    def __init__(
        self, settings: GatewaySettings, metrics: Metrics, lookup: Lookup = look_up
    ) -> None:
        self._settings = settings
        self._lookup = lookup
        self._trusts = Trusts(settings)
        self._measures = Measures(metrics.registry)
        self._ways: dict[str, Way] = {}
        self._in_flight = 0

    async def forward(self, asked: Asked, callee: ModuleAddress) -> None:
        """Answer *asked* with what a pod at *callee* answers. Raises Problem if there is nothing."""
        if self._in_flight >= self._settings.max_requests:
            sentence = "The gateway has as many requests in flight as it may."
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
            problem.headers = RETRY_AFTER
            raise problem
        self._in_flight += 1
        try:
            await asked.begin(deadline.left(self._settings.answer_seconds))
            await self._way(callee).answer(asked)
        except SlowRequestError as error:
            raise _slow(is_over=deadline.is_over()) from error
        except ClientLeftError:
            return
        finally:
            self._in_flight -= 1

    async def fetch(self, callee: ModuleAddress, path: str, most_bytes: int) -> bytes:
        """What a pod at *callee* answers at *path*, for the gateway itself. Raises UpstreamError."""
        return await fetch(self._way(callee).balancer, path, most_bytes)

    def close(self) -> None:
        """Close all connections that nobody uses."""
        for way in self._ways.values():
            way.balancer.close()

    def _way(self, callee: ModuleAddress) -> Way:
        found = self._ways.get(callee.module)
        if found is None or found.balancer.callee != callee:
            if found is not None:
                found.balancer.close()
            size = self._settings.max_header_bytes
            balancer = Balancer(callee, self._trusts, self._measures, size)
            balancer.lookup = self._lookup
            found = self._ways[callee.module] = Way(balancer, self._settings, self._measures)
        return found


def _slow(*, is_over: bool) -> Problem:
    """Why there is no answer to a request whose end has not come; *is_over*: by its own deadline."""
    if is_over:
        sentence = "The deadline of the request was over before it had come whole."
        problem = Problem(HTTPStatus.GATEWAY_TIMEOUT, sentence)
    else:
        sentence = "The request did not come whole in time."
        problem = Problem(HTTPStatus.REQUEST_TIMEOUT, sentence)
    # What of it still comes is read by nobody (RFC 9110, 15.5.9).
    problem.headers = {"Connection": "close"}
    return problem
