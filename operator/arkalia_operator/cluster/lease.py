"""The Lease by which several operators agree on who writes: the rules of client-go's leader election.

    free, released or expired ──► taken ──► renewed, renewed ──► released, or no longer renewed

Clocks of two machines are never compared. Whoever waits measures with its own clock how long the
record has not changed; whoever holds it counts from the moment before it *sent* the last renewal
that succeeded, so it always believes less than the others do. Who writes first is decided by the
API server: each write names the resource version that it was made for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from arkalia_operator.cluster.client import Client, Request
from arkalia_operator.cluster.kinds import LEASE, collection, member
from arkalia_operator.errors import ConflictError, NotFoundError, UnavailableError

Spec = dict[str, Any]


def steady() -> float:
    """Seconds that never jump, and that go on while the machine sleeps."""
    return time.clock_gettime(_STEADY)


_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class LeaseKey(NamedTuple):
    """Which Lease."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How long is waited for what; all in the proportion of client-go's shorter settings."""

    lease_seconds: float
    """After so long without a renewal, somebody else may write."""

    @property
    def deadline_seconds(self) -> float:
        """After so long without a renewal, the holder itself stops.

        What it has sent before may still arrive until the end of the lease, and is given up then.
        """
        return self.lease_seconds * 5 / 8

    @property
    def renew_seconds(self) -> float:
        """Between two renewals."""
        return self.lease_seconds / 4

    @property
    def retry_seconds(self) -> float:
        """Between two looks of one who waits, and two tries of a holder that could not renew.

        From beginning to beginning: a holder that had no answer for longer tries again at once.
        With a lease of 15 s, who ends in order is followed in less than 2 s.
        """
        return self.lease_seconds / 10

    @property
    def answer_seconds(self) -> float:
        """Until a request is late: the same is asked once more, and has time for its answer."""
        return self.deadline_seconds / 3

    @property
    def patience_seconds(self) -> float:
        """For one request: a renewal may be answered until the deadline."""
        return self.deadline_seconds - self.renew_seconds


class Lease:
    """One process's view of a Lease, and its own part in it."""

    def __init__(
        self,
        client: Client,
        key: LeaseKey,
        identity: str,
        terms: Terms,
        clock: Callable[[], float] = steady,
    ) -> None:
        self.identity = identity
        self.terms = terms
        self._client = client
        self.key = key
        self._clock = clock
        self._live: dict[str, Any] = {}
        self._changed_at = float("-inf")
        self._renewed_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    @property
    def holder(self) -> str:
        """Who held it when it was last looked at; empty if nobody did."""
        return str(self._spec().get("holderIdentity") or "")

    def age(self) -> float | None:
        """Seconds since it was renewed; None if this process does not hold it."""
        since = self._clock() - self._renewed_at
        return None if since == float("inf") else since

    def remaining(self) -> float:
        """Seconds until what was sent must have arrived; 0 if nothing may be sent any more."""
        since = self._clock() - self._renewed_at
        if since >= self.terms.deadline_seconds:
            return 0.0
        return self.terms.lease_seconds - since

    async def attempt(self) -> bool:
        """Take it or renew it; says whether it is held now. Raises ApiError if nobody knows."""
        async with self._one_at_a_time:
            began = self._clock()
            try:
                held = await self._write_if_allowed()
            except ConflictError:  # somebody was faster, or an answer to ourselves was lost
                self._live = {}
                held = await self._write_if_allowed()
            self._renewed_at = began if held else float("-inf")
            return held

    async def release(self) -> None:
        """Write no more, and tell the others at once. Raises ApiError if that cannot be told."""
        async with self._one_at_a_time:
            held, self._renewed_at = self.remaining() > 0, float("-inf")
            if held and self._live:
                await self._replace(self._spec() | {"holderIdentity": None, "renewTime": _now()})

    async def _write_if_allowed(self) -> bool:
        if not self._live or self.holder != self.identity:
            await self._look()
        if not self._is_free():
            return False
        spec = self._wanted()
        if self._live:
            await self._replace(spec)
        else:
            await self._send("POST", {"metadata": self.key._asdict(), "spec": spec})
        return True

    async def _look(self) -> None:
        try:
            live = await self._ask(Request("GET", member(LEASE, *self.key)))
        except NotFoundError:
            live = {}
        self._remember(live)

    def _is_free(self) -> bool:
        if self.holder in ("", self.identity):
            return True
        lasts = float(self._spec().get("leaseDurationSeconds") or 0)
        expires = self._changed_at + max(lasts, self.terms.lease_seconds)
        return self._clock() > expires

    def _wanted(self) -> Spec:
        """The record of this process as the holder."""
        before, now = self._spec(), _now()
        spec = before | {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, round(self.terms.lease_seconds)),
            "renewTime": now,
        }
        if before.get("holderIdentity") == self.identity:
            return spec
        taken = int(before.get("leaseTransitions") or 0) + 1 if before else 0
        return spec | {"acquireTime": now, "leaseTransitions": taken}

    async def _replace(self, spec: Spec) -> None:
        await self._send("PUT", self._live | {"spec": spec})

    async def _send(self, method: str, body: dict[str, Any]) -> None:
        path = member(LEASE, *self.key)
        if method == "POST":
            path = collection(LEASE, self.key.namespace)
        body = {"apiVersion": LEASE.api_version, "kind": LEASE.name} | body
        self._remember(await self._ask(Request(method, path, body=body)))

    async def _ask(self, request: Request) -> dict[str, Any]:
        """Ask, and once more beside it if the answer is late: who was slow may still be first.

        Both name the same resource version, so the API server carries out one of them at most.
        """
        tries = [self._once(request)]
        try:
            await asyncio.wait(tries, timeout=self.terms.answer_seconds)
            if not tries[0].done():
                tries.append(self._once(request))
            return await _first(tries)
        finally:
            for each in tries:
                each.cancel()
            await asyncio.gather(*tries, return_exceptions=True)

    def _once(self, request: Request) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(self._client.send(request, deadline=0))

    def _remember(self, live: dict[str, Any]) -> None:
        if live.get("spec") != self._live.get("spec"):
            self._changed_at = self._clock()
        self._live = live

    def _spec(self) -> Spec:
        return self._live.get("spec") or {}


async def _first(tries: list[asyncio.Task[dict[str, Any]]]) -> dict[str, Any]:
    """The first answer. That one was not reached says nothing while another is waited for."""
    for each in asyncio.as_completed(tries):
        try:
            return await each
        except UnavailableError as error:
            unreached = error
    raise unreached


def _now() -> str:
    """Now, as metav1.MicroTime: for people, nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
