"""Kubernetes Events about systems: few, aggregated, and never in the way of a reconcile.

The same words about the same system within ten minutes become one Event with a count, as client-go
does it. Each system has a budget, and the queue a bound: beyond them Events are dropped and
counted. Posting runs beside the loop; what fails is dropped. That some were dropped is an Event
itself.
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
from arkalia_operator.api.reasons import Reason
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
LEFT_OUT: Final = Announcement(
    "Warning",
    Reason.EVENTS_LEFT_OUT,
    "Not everything that happened is among the Events of this system: it changed too often, or the "
    "API server refused some. Its status is whole.",
)
LEFT_OUT_SECONDS: Final = 60.0
"""Between two times at which a system tells that, at least."""
WAITING: Final = 1000
REMEMBERED: Final = 4096
NOTE_LIMIT: Final = 1024
"""Longest `note` of events.k8s.io/v1, in bytes."""
CUT: Final = "…"
"""Ends a note that is longer; status has all of it."""


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
    untold: bool = False
    """Whether something was dropped of which no Event tells."""
    told_at: float = -LEFT_OUT_SECONDS

    def takes(self, now: float, kept: int) -> bool:
        """Whether there is room for one more beside those that are *kept*; if so, it is taken."""
        self.left = min(BURST, self.left + (now - self.at) / REFILL_SECONDS)
        self.at = now
        if self.left < 1 + kept:
            return False
        self.left -= 1
        return True

    def tells(self, now: float) -> bool:
        """Whether it is time to tell that something was dropped; if so, it counts as told."""
        if not self.untold or now - self.told_at < LEFT_OUT_SECONDS:
            return False
        self.untold, self.told_at = False, now
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
        kept = 0 if _is_urgent(announcement) else RESERVED
        if self._budget(subject).takes(self._clock(), kept):
            self._put(subject, announcement)
        else:
            self._drop(subject, "rate")
        self._tell_dropped(subject)

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            subject, announcement = await self._waiting.get()
            try:
                await self._post(subject, announcement)
                metrics.EVENTS_POSTED.inc()
            except ApiError as error:
                self._drop(subject, "failed")
                LOGGER.warning("An Event about %s was not posted: %s", subject.key, error)
            except Exception:
                self._drop(subject, "failed")
                LOGGER.exception("An Event about %s was not posted", subject.key)
            self._tell_dropped(subject)

    def _budget(self, subject: Subject) -> _Budget:
        budget = self._budgets.setdefault(subject.uid, _Budget(BURST, self._clock()))
        _bound(self._budgets, subject.uid)
        return budget

    def _put(self, subject: Subject, announcement: Announcement) -> None:
        try:
            self._waiting.put_nowait((subject, announcement))
        except asyncio.QueueFull:
            self._drop(subject, "full")

    def _drop(self, subject: Subject, cause: str) -> None:
        metrics.EVENTS_DROPPED.labels(cause).inc()
        self._budget(subject).untold = True

    def _tell_dropped(self, subject: Subject) -> None:
        """Have an Event say so, beside the budget: it is one, however much was dropped."""
        if self._budget(subject).tells(self._clock()):
            self._put(subject, LEFT_OUT)

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
        "note": _note(announcement.message),
        "regarding": {
            "apiVersion": SYSTEM.api_version,
            "kind": SYSTEM.name,
            "namespace": key.namespace,
            "name": key.name,
            "uid": subject.uid,
        },
    }


def _note(message: str) -> str:
    """*message*, cut to what the API server takes."""
    if len(encoded := message.encode()) <= NOTE_LIMIT:
        return message
    return encoded[: NOTE_LIMIT - len(CUT.encode())].decode(errors="ignore") + CUT


def _micro_time() -> str:
    """Now, as metav1.MicroTime."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
