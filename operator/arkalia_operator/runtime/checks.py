"""What the probes ask: is the process alive, and does it know the cluster? Each check has a name.

Alive means that every part makes progress, not that it succeeds: while the API server is away a
restart of the operator would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from arkalia_operator.cluster.informers import Informers
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.election import Election
from arkalia_operator.runtime.permissions import Permissions
from arkalia_operator.runtime.pulse import Pulse
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.sweeper import Sweeper


class Measured(NamedTuple):
    """What a check found."""

    wrong: str = ""
    """Empty if nothing is."""
    told: str = ""
    """What was measured, for people who look."""


Check = Callable[[float], Measured]
"""Loop time → what it measures."""

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
        "loop": lambda _: Measured(
            _late("the event loop", pulse.lag, LAG_LIMIT), f"{pulse.lag:.3f} s late"
        ),
        "informers": lambda now: _watches(informers, now),
        "queue": lambda _: Measured(
            _late("the queue", queue.stuck_seconds(), QUEUE_LIMIT),
            f"{queue.stuck_seconds():.1f} s old",
        ),
        "sweeper": lambda now: Measured(
            _late("the sweeper", now - (sweeper.alive_at or now), SWEEP_LIMIT)
        ),
        "election": lambda now: _leads(election, now),
    }


def readiness(
    informers: Informers, permissions: Permissions, is_primed: Callable[[], bool]
) -> Mapping[str, Check]:
    """The checks of `/readyz`."""
    return {
        "resources": lambda _: Measured(
            "" if is_primed() else _lacking("the resources are not read yet.", permissions)
        ),
        "informers": lambda _: Measured(
            "" if informers.is_synced else _lacking("not every kind is listed yet.", permissions)
        ),
    }


def _watches(informers: Informers, now: float) -> Measured:
    """The informer that has done nothing for longest, and the watch that was silent for longest."""
    begun = [each for each in informers.each() if each.alive_at]
    if not begun:
        return Measured()
    idle = min(begun, key=lambda each: each.alive_at)
    silent = min(begun, key=lambda each: each.heard_at or each.alive_at)
    heard = f"{silent}: heard {now - silent.heard_at:.1f} s ago" if silent.heard_at else ""
    return Measured(_late(str(idle), now - idle.alive_at, INFORMER_LIMIT), heard)


def _leads(election: Election | None, now: float) -> Measured:
    if election is None:
        return Measured()
    age = election.age
    told = "another operator leads" if age is None else f"leads, renewed {age:.1f} s ago"
    asked = now - (election.alive_at or now)
    return Measured(_late("the election", asked, ELECTION_LIMIT), told)


def _lacking(what: str, permissions: Permissions) -> str:
    return " ".join(filter(None, (what, permissions.told())))


def _late(what: str, seconds: float, limit: float) -> str:
    return f"{what}: no progress for {seconds:.0f} s" if seconds > limit else ""
