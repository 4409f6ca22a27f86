"""Which limit a request meets: that of its caller, or of its address where nobody knows who asks.

Who fails at the door again and again is slowed by the same limit as what may be asked without saying
who one is.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from arkalia_contract import scopes
from arkalia_helloria.callers import Caller
from arkalia_helloria.limits.rate import Limit, Verdict
from arkalia_helloria.limits.shared import SharedAccounts
from arkalia_helloria.limits.tokens import Meter, per_day, per_minute
from arkalia_helloria.routes import Match
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.problems import Problem

BURST_SECONDS: Final = 2.0
"""So many seconds of a rate may be used at once."""

OWN_LIMITS: Final = (b"arkalia-limits", b"local")
"""A header of answers while the gateways do not count together."""


def per_second(name: str, rate: float) -> Limit:
    """*rate* a second, with its burst."""
    return Limit(name, rate * BURST_SECONDS, BURST_SECONDS)


class Rules:
    """The limits of one gateway."""

    def __init__(
        self, settings: GatewaySettings, shared: SharedAccounts, registry: CollectorRegistry
    ) -> None:
        self._shared = shared
        self._unknown = per_second("address", settings.unknown_requests_per_second)
        self._caller = per_second("caller", settings.requests_per_second)
        self._refused = Counter(
            "arkalia_gateway_limited",
            "Requests that were refused because there were too many, by the limit.",
            ("limit",),
            registry=registry,
        )

    def failed_at_the_door(self, client: str) -> list[Verdict]:
        """Somebody at *client* could not say who they are. Raises Problem if that is too often.

        Whoever can say it is not kept out by others of the same address.
        """
        verdict = self._shared.accounts.take(_unknown(client), self._unknown, time.monotonic())
        if not verdict.allowed:
            raise self._too_many(verdict)
        return [verdict]

    async def know(self, caller: Caller) -> None:
        """Learn what the other gateways know of the tokens of *caller*."""
        if limits := _of_tokens(caller):
            await self._shared.know([_tokens(caller, limit) for limit in limits])

    def take(self, caller: Caller, client: str, match: Match) -> list[Verdict]:
        """Take the request from its account: what its accounts say then. Raises Problem."""
        now = time.monotonic()
        verdicts = [
            self._shared.accounts.look(_tokens(caller, limit), limit, now)
            for limit in _of_tokens(caller)
        ]
        verdicts.insert(0, self._shared.accounts.take(*self._of(caller, client, match), now))
        for verdict in verdicts:
            if not verdict.allowed:
                raise self._too_many(verdict)
        return verdicts

    def meter(self, caller: Caller, match: Match) -> Meter | None:
        """What must look at the answer to *caller*; None where nobody counts its tokens.

        What no model answers costs none, whatever stands in it: files and other answers hold what
        somebody wrote.
        """
        counts = scopes.CHAT in match.route.scopes and _of_tokens(caller)
        return Meter() if counts else None

    def charge(self, caller: Caller, tokens: int) -> None:
        """Take *tokens* of a model from the accounts of *caller*."""
        now = time.monotonic()
        for limit in _of_tokens(caller):
            self._shared.accounts.charge(_tokens(caller, limit), limit, tokens, now)

    def headers(self, verdicts: Sequence[Verdict]) -> list[tuple[bytes, bytes]]:
        """What an answer says about the limits."""
        said = [
            (
                b"ratelimit-policy",
                ", ".join(each.limit.policy for each in verdicts).encode("ascii"),
            ),
            (b"ratelimit", ", ".join(each.header for each in verdicts).encode("ascii")),
        ]
        return said if self._shared.is_shared else [*said, OWN_LIMITS]

    def _of(self, caller: Caller, client: str, match: Match) -> tuple[str, Limit]:
        rate = match.route.requests_per_second
        if rate is None:
            return (
                (_named(caller), self._caller) if caller.user else (_unknown(client), self._unknown)
            )
        # A route with a limit of its own has an account of its own.
        who = _named(caller) if caller.user else f"address:{client}"
        return f"{who}:{match.route.module}{match.route.path}", per_second("route", rate)

    def _too_many(self, verdict: Verdict) -> Problem:
        self._refused.labels(verdict.limit.name).inc()
        limit = verdict.limit
        sentence = (
            f"Too much: the limit {limit.name!r} allows {limit.quota:g} in {limit.window:g} seconds. "
            f"Ask again in {verdict.retry_after} s."
        )
        problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, sentence, limit=verdict.limit.name)
        said = {name.decode(): value.decode() for name, value in self.headers([verdict])}
        problem.headers = {**said, "Retry-After": str(verdict.retry_after)}
        return problem


def _of_tokens(caller: Caller) -> list[Limit]:
    minute, day = caller.tokens_per_minute, caller.tokens_per_day
    return [*([per_minute(minute)] if minute else []), *([per_day(day)] if day else [])]


def _tokens(caller: Caller, limit: Limit) -> str:
    return f"{limit.name}:{_named(caller)}"


def _named(caller: Caller) -> str:
    return f"key:{caller.key}" if caller.key else f"user:{caller.user}"


def _unknown(client: str) -> str:
    return f"unknown:{client}"
