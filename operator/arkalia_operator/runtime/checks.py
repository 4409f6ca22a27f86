"""What the probes ask: is the process alive, and does it know the cluster? Each check has a name.

Alive means that every part makes progress, not that it succeeds: while the API server is away a
restart of the operator would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from arkalia_operator.cluster.informers import Informers
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.election import Election
from arkalia_operator.runtime.permissions import Permissions
from arkalia_operator.runtime.pulse import Pulse
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.sweeper import Sweeper

Check = Callable[[float], str]
"""Loop time → what is wrong, empty if nothing is."""

LAG_LIMIT: Final = 5.0
INFORMER_LIMIT: Final = 180.0
"""A watch is silent for 65 s at most, a list and its tries take 30 s a page."""
QUEUE_LIMIT: Final = 300.0
"""Longer than the longest reconcile."""
SWEEP_LIMIT: Final = 900.0
ELECTION_LIMIT: Final = 180.0
"""It asks every few seconds, at most every 75 s with the longest lease, whatever the answer."""


def liveness(
    pulse: Pulse,
    informers: Informers,
    queue: Queue[SystemKey],
    sweeper: Sweeper,
    election: Election | None,
) -> Mapping[str, Check]:
    """The checks of `/livez`."""
    return {
        "loop": lambda _: _late("the event loop", pulse.lag, LAG_LIMIT),
        "informers": lambda now: next(
            (
                _late(str(each), now - each.alive_at, INFORMER_LIMIT)
                for each in informers.each()
                if each.alive_at and now - each.alive_at > INFORMER_LIMIT
            ),
            "",
        ),
        "queue": lambda _: _late("the queue", queue.stuck_seconds(), QUEUE_LIMIT),
        "sweeper": lambda now: _late("the sweeper", now - (sweeper.alive_at or now), SWEEP_LIMIT),
        "election": lambda now: _late(
            "the election", now - (election.alive_at or now) if election else 0.0, ELECTION_LIMIT
        ),
    }


def readiness(
    informers: Informers, permissions: Permissions, is_primed: Callable[[], bool]
) -> Mapping[str, Check]:
    """The checks of `/readyz`."""
    return {
        "resources": lambda _: (
            "" if is_primed() else _lacking("the resources are not read yet.", permissions)
        ),
        "informers": lambda _: (
            "" if informers.is_synced else _lacking("not every kind is listed yet.", permissions)
        ),
    }


def _lacking(what: str, permissions: Permissions) -> str:
    return " ".join(filter(None, (what, permissions.told())))


def _late(what: str, seconds: float, limit: float) -> str:
    return f"{what}: no progress for {seconds:.0f} s" if seconds > limit else ""
