"""What has drifted: whether it is repaired, and what is remembered of it.

A repair is one write. If somebody changes the same field back again and again, both would write for
ever; so after some rounds the operator lets the other one have it for a while, and says so. Then it
tries once more, and rests longer if that is undone too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Final, NamedTuple

from arkalia_operator import metrics
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.planning.actions import Apply
from arkalia_operator.planning.drift import Drift, Drifted
from arkalia_operator.planning.observed import ChildRecord, ObjectKey

ROUNDS: Final = 5
"""Repairs of one field, each soon after the one before, until it is left alone."""
SOON_SECONDS: Final = 60.0
REST_SECONDS: Final = 300.0
"""How long it is left alone then; twice as long each time that the fight goes on after it."""
LONGEST_REST: Final = 12
"""In first rests."""
REMEMBERED: Final = 8192
UNTOLD_AT_MOST: Final = 64
"""Repairs, and reports, of one system that wait to be told."""


class Seen(NamedTuple):
    """What of an object can have drifted further: its status is none of it."""

    fingerprint: bytes
    generation: int


def seen(record: ChildRecord) -> Seen:
    """What *record* tells of it."""
    return Seen(record.fingerprint, record.generation)


@dataclass(slots=True)
class _Fight:
    """Who has won how often, about one field."""

    rounds: int = 0
    last: float = float("-inf")
    rests: int = 0


@dataclass(frozen=True, slots=True)
class _Left:
    """An object that is left as it is."""

    drifted: Drifted
    digest: bytes
    seen: Seen
    """What it was when it was looked at."""
    until: float
    """For a contended one: until then it is not even looked at."""


class Untold(NamedTuple):
    """Drift of a system of which no Event tells yet."""

    repaired: tuple[Drifted, ...] = ()
    reported: tuple[Drifted, ...] = ()
    """What is left as it is."""
    recreated: tuple[ObjectKey, ...] = ()
    """What was deleted, and is there again."""


@dataclass(slots=True)
class _Ledger:
    """What concerns one system."""

    begun: dict[ObjectKey, Drifted] = field(default_factory=dict)
    """Repairs that are not known to have succeeded."""
    repaired: list[Drifted] = field(default_factory=list)
    reported: list[Drifted] = field(default_factory=list)
    recreated: list[ObjectKey] = field(default_factory=list)
    left: dict[ObjectKey, _Left] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing that outlasts a plan."""
        return not (self.left or self.repaired or self.reported or self.recreated)


class Drifts:
    """The drift of every system, the oldest forgotten first."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, rest_seconds: float = REST_SECONDS
    ) -> None:
        self._clock = clock
        self._rest_seconds = rest_seconds
        self._fights: OrderedDict[tuple[ObjectKey, str], _Fight] = OrderedDict()
        self._systems: OrderedDict[SystemKey, _Ledger] = OrderedDict()

    def begin(self, key: SystemKey, due: frozenset[ObjectKey]) -> None:
        """A plan for the system *key* is carried out: what is not *due* in it drifts no more."""
        ledger = self._systems.get(key)
        if ledger is not None:
            ledger.begun = {}
            ledger.left = {at: each for at, each in ledger.left.items() if at in due}
            if ledger.is_blank:
                del self._systems[key]

    def stands(self, key: SystemKey, action: Apply, seen: Seen, *, repairs: bool = False) -> bool:
        """Whether the object is left as it is without another look: nothing is new about it.

        What was only reported is looked at once more when it shall be repaired.
        """
        ledger = self._systems.get(key)
        known = ledger.left.get(action.key) if ledger else None
        if known is None or known.digest != action.digest:
            return False
        if known.drifted.contended:
            return self._clock() < known.until
        return known.seen == seen and not repairs

    def leave(
        self,
        key: SystemKey,
        action: Apply,
        found: tuple[Drift, ...],
        seen: Seen,
        *,
        repairs: bool,
    ) -> bool:
        """Decide about what was *found*: True if the object is left as it is.

        If it is not, `repaired` is to be called once it was changed back.
        """
        rest = self._rest(action.key, found) if repairs else 0.0
        ledger = self._ledger(key)
        before = ledger.left.pop(action.key, None)
        drifted = Drifted(action.key, found, contended=rest > 0)
        if repairs and not rest:
            ledger.begun[action.key] = drifted
            return False
        metrics.DRIFTS.labels(action.key.kind, "contended" if rest else "reported").inc()
        if not rest and (before is None or before.drifted != drifted):
            ledger.reported = [*ledger.reported, drifted][-UNTOLD_AT_MOST:]
        ledger.left[action.key] = _Left(drifted, action.digest, seen, self._clock() + rest)
        return True

    def repaired(self, key: SystemKey, at: ObjectKey) -> None:
        """The object was written: what `leave` did not leave of it is changed back."""
        ledger = self._systems.get(key)
        drifted = ledger.begun.pop(at, None) if ledger else None
        if ledger is None or drifted is None:
            return
        for each in drifted.fields:
            fight = self._fight(at, each.path)
            fight.rounds, fight.last = fight.rounds + 1, self._clock()
        metrics.DRIFTS.labels(at.kind, "repaired").inc()
        ledger.repaired = [*ledger.repaired, drifted][-UNTOLD_AT_MOST:]

    def recreated(self, key: SystemKey, at: ObjectKey) -> None:
        """Somebody had deleted the object, and it is there again."""
        metrics.DRIFTS.labels(at.kind, "recreated").inc()
        ledger = self._ledger(key)
        ledger.recreated = [*ledger.recreated, at][-UNTOLD_AT_MOST:]

    def left(self, key: SystemKey) -> tuple[Drifted, ...]:
        """Objects of the system *key* that are left as they are."""
        ledger = self._systems.get(key)
        return tuple(each.drifted for each in ledger.left.values()) if ledger else ()

    def wait(self, key: SystemKey) -> float:
        """Seconds until an object of the system *key* has rested from a fight."""
        ledger = self._systems.get(key)
        rests = (each for each in ledger.left.values() if each.drifted.contended) if ledger else ()
        return max(0.0, min((each.until for each in rests), default=inf) - self._clock())

    def take(self, key: SystemKey) -> Untold:
        """What came of the system *key* since the last question."""
        ledger = self._systems.get(key)
        if ledger is None:
            return Untold()
        found = Untold(tuple(ledger.repaired), tuple(ledger.reported), tuple(ledger.recreated))
        ledger.repaired, ledger.reported, ledger.recreated = [], [], []
        return found

    def _ledger(self, key: SystemKey) -> _Ledger:
        ledger = self._systems.setdefault(key, _Ledger())
        self._systems.move_to_end(key)
        if len(self._systems) > REMEMBERED:
            self._systems.popitem(last=False)
        return ledger

    def _rest(self, key: ObjectKey, found: tuple[Drift, ...]) -> float:
        """Seconds to leave the object alone; 0 if each field is still worth a repair."""
        rest = 0.0
        for each in found:
            fight = self._fight(key, each.path)
            if fight.rounds >= ROUNDS:
                fight.rests, fight.last = fight.rests + 1, self._clock()
                fight.rounds = ROUNDS - 1  # after the rest one repair is tried
                rest = max(rest, self._rested(fight))
        return rest

    def _rested(self, fight: _Fight) -> float:
        """How long the last rest of *fight* lasts; 0 if there was none."""
        if not fight.rests:
            return 0.0
        return self._rest_seconds * min(2.0 ** (fight.rests - 1), LONGEST_REST)

    def _fight(self, key: ObjectKey, path: str) -> _Fight:
        """The fight about a field; one that has ended begins anew."""
        fight = self._fights.setdefault((key, path), _Fight())
        self._fights.move_to_end((key, path))
        if len(self._fights) > REMEMBERED:
            self._fights.popitem(last=False)
        if self._clock() - fight.last > SOON_SECONDS + self._rested(fight):
            fight.rounds, fight.rests = 0, 0
        return fight
