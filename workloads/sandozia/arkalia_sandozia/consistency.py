"""Consistency: whether an answer contradicts itself, and whether other answers say the same.

What an answer says first is evidence for what it says later. Two clauses contradict each other
only if they are about the same things and about nothing else, and neither tells of another time
or of a condition: `it was 40 %, now it is 60 %` is a story, not a contradiction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_sandozia import numbers
from arkalia_sandozia.clauses import Clause
from arkalia_sandozia.evidence import Evidence, Source
from arkalia_sandozia.grounding import Grounds, Kinds, grounds

ALIKE: Final = 0.75
"""The share of the keys of both clauses that they must have in common."""
COVERED: Final = 0.8
"""The share of the keys of the shorter clause, if both measure something in one unit."""
FEWEST: Final = 2
"""Keys that they must have in common."""
MOST_PAIRS: Final = 40
"""Earlier clauses with which one clause is compared."""
WITHIN: Final = frozenset(
    {Kinds.NUMBER, Kinds.ELSEWHERE, Kinds.UNKNOWN_NUMBER, Kinds.NEGATION, Kinds.NAME, Kinds.ELSE}
)
"""What counts against an answer if another answer says otherwise."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two clauses of one answer."""

    first: Clause
    second: Clause
    likeness: float


def contradictions(
    claims: Sequence[Clause], goes_on: Callable[[], bool] = lambda: True
) -> list[Contradiction]:
    """The clauses of an answer that contradict an earlier one: each once."""
    able = [each for each in claims if not (each.asks or each.changes)]
    by_key: dict[str, list[int]] = {}
    found: list[Contradiction] = []
    for number, clause in enumerate(able):
        if not goes_on():
            break
        earlier = _earlier(clause, by_key)
        contrary = [pair for at in earlier if (pair := _contrary(able[at], clause))]
        found += contrary[:1]
        for key in clause.keys:
            by_key.setdefault(key, []).append(number)
    return found


def _earlier(clause: Clause, by_key: dict[str, list[int]]) -> list[int]:
    """Clauses that have the rarest key in common, the latest ones."""
    known = [by_key[key] for key in sorted(clause.keys) if key in by_key]
    return min(known, key=len)[-MOST_PAIRS:] if known else []


def _contrary(first: Clause, second: Clause) -> Contradiction | None:
    mine, theirs = _about(first), _about(second)
    common = len(mine & theirs)
    if common < FEWEST or not _differ(first, second):
        return None
    likeness = common / len(mine | theirs)
    covered = common / min(len(mine), len(theirs))
    if likeness < ALIKE and (covered < COVERED or not _measured(second)):
        return None
    return Contradiction(first, second, likeness)


def _about(clause: Clause) -> frozenset[str]:
    """What a clause is about; what was said before it counts if it says next to nothing itself."""
    return clause.keys if len(clause.keys) >= FEWEST else clause.keys | clause.carried


def _measured(clause: Clause) -> bool:
    """Whether a clause has a quantity with a unit: of counts there are many for one thing."""
    return any(each.kind is not numbers.Kind.COUNT for each in clause.quantities)


def _differ(first: Clause, second: Clause) -> bool:
    states = dict(first.states)
    if any(states.get(name, sign) != sign for name, sign in second.states):
        return True
    if bool(first.quantities) != bool(second.quantities):
        return False
    if not first.quantities:
        return not states and first.negated != second.negated
    pairs = [
        (mine, theirs)
        for mine in second.quantities
        for theirs in first.quantities
        if numbers.comparable(mine, theirs)
    ]
    return bool(pairs) and not any(numbers.agrees(*pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far other answers say the same as an answer."""

    found: tuple[Grounds, ...]
    """The answer, laid beside each of the others."""

    @property
    def contradicted(self) -> float:
        """The share of the others that contradict it, each by how strongly."""
        return _mean([_strongest(each) for each in self.found])

    @property
    def unsupported(self) -> float:
        """The share of its claims that the others do not make, on average."""
        return _mean([1 - each.supported / each.claims for each in self.found if each.claims])

    @property
    def unheard(self) -> float:
        """The share of its words that the others do not use, on average."""
        return _mean([1 - each.known_words / each.words for each in self.found if each.words])


def agreement(
    claims: Sequence[Clause], samples: Sequence[str], goes_on: Callable[[], bool] = lambda: True
) -> Agreement:
    """Lay *claims* beside each of *samples*, as long as *goes_on* says so."""
    found = []
    for number, sample in enumerate(samples, start=1):
        if not goes_on():
            break
        evidence = Evidence([Source(f"sample {number}", sample)])
        found.append(grounds(claims, evidence, goes_on))
    return Agreement(tuple(found))


def _strongest(found: Grounds) -> float:
    return max((each.strength for each in found.doubts if each.kind in WITHIN), default=0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
