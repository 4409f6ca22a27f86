"""Kubernetes Events about systems: few, aggregated, and never in the way of a reconcile.

The same words about the same system within ten minutes become one Event with a count, as client-go
does it. Each system has a budget, and the queue a bound: beyond them Events are dropped and
counted. Posting runs beside the loop; what fails is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from arkalia_operator import metrics
from arkalia_operator.api import GROUP
from arkalia_operator.api.conditions import Reason
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kinds import EVENT, SYSTEM
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.errors import ApiError
from arkalia_operator.planning.actions import Announcement
from arkalia_operator.planning.ownership import FIELD_MANAGER

LOGGER = logging.getLogger(__name__)

SAME_SECONDS: Final = 600.0
BURST: Final = 35
REFILL_SECONDS: Final = 60.0
"""A system may say 35 things at once, then one a minute."""
RESERVED: Final = 10
"""Of these 35 what goes well may not take the last ten: it must not silence what does not, nor what
waits for somebody."""
WAITS_FOR_SOMEBODY: Final = frozenset(
    {Reason.WAITING_FOR_APPROVAL, Reason.ROLLOUTS_HELD, Reason.PAUSED}
)
WAITING: Final = 1000
REMEMBERED: Final = 4096
NOTE_LIMIT: Final = 1024
"""Longest `note` of events.k8s.io/v1."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The system that an Event is about."""

    key: SystemKey
    uid: str


@dataclass(slots=True)
class _Series:
    """One Event in the cluster and how often it was said."""

    name: str
    count: int
    last: float


@dataclass(slots=True)
class _Budget:
    """Events that a system may still post."""

    left: float
    at: float

    def takes(self, now: float, kept: int) -> bool:
        """Whether there is room for one more beside those that are *kept*; if so, it is taken."""
        self.left = min(BURST, self.left + (now - self.at) / REFILL_SECONDS)
        self.at = now
        if self.left < 1 + kept:
            return False
        self.left -= 1
        return True


class Recorder:
    """Takes announcements and posts them in the background."""

    def __init__(self, client: Client, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock
        self._waiting: asyncio.Queue[tuple[Subject, Announcement]] = asyncio.Queue(WAITING)
        self._series: OrderedDict[tuple[Subject, Announcement], _Series] = OrderedDict()
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()

    def announce(self, subject: Subject, announcement: Announcement) -> None:
        """Post *announcement* soon, if there is room for it."""
        now = self._clock()
        budget = self._budgets.setdefault(subject.uid, _Budget(BURST, now))
        _bound(self._budgets, subject.uid)
        if not budget.takes(now, 0 if _is_urgent(announcement) else RESERVED):
            metrics.EVENTS_DROPPED.labels("rate").inc()
            return
        try:
            self._waiting.put_nowait((subject, announcement))
        except asyncio.QueueFull:
            metrics.EVENTS_DROPPED.labels("full").inc()

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            subject, announcement = await self._waiting.get()
            try:
                await self._post(subject, announcement)
                metrics.EVENTS_POSTED.inc()
            except ApiError as error:
                metrics.EVENTS_DROPPED.labels("failed").inc()
                LOGGER.warning("An Event about %s was not posted: %s", subject.key, error)
            except Exception:
                metrics.EVENTS_DROPPED.labels("failed").inc()
                LOGGER.exception("An Event about %s was not posted", subject.key)

    async def _post(self, subject: Subject, announcement: Announcement) -> None:
        said, now = (subject, announcement), self._clock()
        series = self._series.get(said)
        if series is not None and now - series.last < SAME_SECONDS:
            series.count, series.last = series.count + 1, now
            change = {"series": {"count": series.count, "lastObservedTime": _micro_time()}}
            await self._client.merge(EVENT, subject.key.namespace, series.name, change)
            return
        body = _event(subject, announcement)
        await self._client.create(EVENT, subject.key.namespace, body)
        self._series[said] = _Series(body["metadata"]["name"], 1, now)
        _bound(self._series, said)


def _is_urgent(announcement: Announcement) -> bool:
    return announcement.type == "Warning" or announcement.reason in WAITS_FOR_SOMEBODY


def _bound(kept: OrderedDict[Any, Any], newest: Any) -> None:
    """Mark *newest* as such, and forget the oldest if there are too many."""
    kept.move_to_end(newest)
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)


def _event(subject: Subject, announcement: Announcement) -> dict[str, Any]:
    key = subject.key
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {
            "namespace": key.namespace,
            "name": f"{key.name[:200]}.{secrets.token_hex(8)}",
        },
        "eventTime": _micro_time(),
        "reportingController": f"{GROUP}/operator",
        "reportingInstance": FIELD_MANAGER,
        "action": "Reconcile",
        "type": announcement.type,
        "reason": announcement.reason,
        "note": announcement.message[:NOTE_LIMIT],
        "regarding": {
            "apiVersion": SYSTEM.api_version,
            "kind": SYSTEM.name,
            "namespace": key.namespace,
            "name": key.name,
            "uid": subject.uid,
        },
    }


def _micro_time() -> str:
    """Now, as metav1.MicroTime."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
