"""Grounding: whether what is known says what the answer says.

Each clause of the answer is laid beside the units of evidence that tell of the same things, and
its quantities, names and states are compared with theirs. A number that nothing says, a name that
nobody has, a state that is the other way round: each is a finding with a strength, the share of
the clause that the contradicting evidence tells of too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from arkalia_sandozia import lexicon, numbers
from arkalia_sandozia.clauses import Clause
from arkalia_sandozia.evidence import Evidence, Match
from arkalia_sandozia.numbers import Kind, Quantity

NEAR: Final = 0.12
"""Units whose shares differ by less tell of the same thing equally well."""
NEAR_SIDE_BY_SIDE: Final = 0.5
"""The same for numbers that stand side by side: two of three replicas."""
RELATED: Final = 0.3
"""From this share on a unit tells of the same thing at all."""
TOLD: Final = 0.6
"""From this share on a unit tells of a state, or of who does what."""
LIKE: Final = 0.78
"""From this likeness on a word was meant to be another."""
CLOSE: Final = 2
"""Letters by which the lengths of like words may differ."""
FEWEST: Final = 2
"""Words that a clause and its denial must have in common."""
SHORTEST_LIKE: Final = 5
MOST_LIKE: Final = 64
"""Names that a word is compared with."""


class Kinds(StrEnum):
    """What can be wrong."""

    NUMBER = "number"
    """Another number is known."""
    ELSEWHERE = "elsewhere"
    """The number is known, of something else."""
    UNKNOWN_NUMBER = "unknown_number"
    """Nothing that is known tells the number."""
    NAME = "name"
    """The name is nearly one that is known."""
    ELSE = "someone_else"
    """It is known of somebody else."""
    APART = "apart"
    """Its names are known, each with another."""
    UNKNOWN_NAME = "unknown_name"
    """Nothing that is known has the name."""
    NEGATION = "negation"
    """The contrary is known."""


Named = tuple[Match, frozenset[str]]
"""A unit, and the names that it is about."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that speaks against a clause."""

    kind: Kinds
    strength: float
    start: int
    end: int
    said: str
    known: Match | None = None
    instead: str = ""


@dataclass(slots=True)
class Grounds:
    """What was found for a whole answer."""

    doubts: list[Doubt] = field(default_factory=list)
    claims: int = 0
    """Quantities, names and states that were compared."""
    supported: float = 0
    words: int = 0
    known_words: int = 0
    until: int = 0
    """How far the answer was looked at."""


def grounds(
    claims: Iterable[Clause], evidence: Evidence, goes_on: Callable[[], bool] = lambda: True
) -> Grounds:
    """Lay *claims* beside *evidence*, as long as *goes_on* says so."""
    found = Grounds()
    for clause in claims:
        if not goes_on():
            break
        found.until = clause.end
        if not clause.asks:
            _examine(clause, evidence, found)
    return found


def _examine(clause: Clause, evidence: Evidence, found: Grounds) -> None:
    matches = evidence.matches(clause)
    found.words += len(clause.keys)
    found.known_words += sum(evidence.knows(key) for key in clause.keys)
    for doubts, number in (
        _of_quantities(clause, matches),
        _of_names(clause, evidence),
        _of_states(clause, matches),
        _of_owners(clause, evidence),
    ):
        found.doubts += doubts
        found.claims += number
        found.supported += number - len(doubts)


def _of_quantities(clause: Clause, matches: list[Match]) -> tuple[list[Doubt], int]:
    doubts = [_of_quantity(each, clause, matches) for each in clause.quantities]
    return [each for each in doubts if each], len(clause.quantities)


def _of_quantity(claim: Quantity, clause: Clause, matches: list[Match]) -> Doubt | None:
    """What speaks against *claim*; None if the best evidence agrees."""
    able = [(match, known) for match in matches for known in _comparable(claim, match)]
    if not able or able[0][0].share < RELATED:
        return None if _counts_items(claim, able) else _unknown_number(claim, clause)
    best = able[0][0].share
    agreeing = [match for match, known in able if numbers.agrees(claim, known)]
    side_by_side = sum(numbers.comparable(claim, each) for each in clause.quantities) > 1
    near = NEAR_SIDE_BY_SIDE if side_by_side else NEAR
    if agreeing and agreeing[0].share >= best - near:
        return None
    first, known = able[0]
    if agreeing:
        strength = best - agreeing[0].share
        return _doubt(Kinds.ELSEWHERE, strength, claim, first, known.text)
    return _doubt(Kinds.NUMBER, best, claim, first, known.text)


def _comparable(claim: Quantity, match: Match) -> list[Quantity]:
    return [each for each in match.unit.clause.quantities if numbers.comparable(claim, each)]


def _counts_items(claim: Quantity, able: list[tuple[Match, Quantity]]) -> bool:
    """Whether *claim* is a small number of which nothing is known: `in two steps`."""
    return not able and claim.kind is Kind.COUNT and claim.text.isalpha()


def _unknown_number(claim: Quantity, clause: Clause) -> Doubt:
    strength = 1.0 if clause.keys else 0.5
    return Doubt(Kinds.UNKNOWN_NUMBER, strength, claim.start, claim.end, claim.text)


def _doubt(kind: Kinds, strength: float, claim: Quantity, match: Match, instead: str) -> Doubt:
    return Doubt(kind, strength, claim.start, claim.end, claim.text, match, instead)


def _of_names(clause: Clause, evidence: Evidence) -> tuple[list[Doubt], int]:
    doubts = [_of_name(*each, evidence) for each in clause.names]
    doubts += [_misspelt(*each, evidence) for each in clause.words]
    return [each for each in doubts if each], len(clause.names)


def _of_name(name: str, start: int, end: int, evidence: Evidence) -> Doubt | None:
    key = lexicon.stem(name)
    if evidence.knows(key) or key in evidence.names:
        return None
    like = _like(key, evidence)
    if like:
        return Doubt(Kinds.NAME, like[1], start, end, name, None, like[0])
    return Doubt(Kinds.UNKNOWN_NAME, 1.0, start, end, name)


def _misspelt(word: str, start: int, end: int, evidence: Evidence) -> Doubt | None:
    key = lexicon.stem(word)
    if len(key) < SHORTEST_LIKE or evidence.knows(key) or key in evidence.names:
        return None
    like = _like(key, evidence)
    return Doubt(Kinds.NAME, like[1], start, end, word, None, like[0]) if like else None


def _like(key: str, evidence: Evidence) -> tuple[str, float] | None:
    """The known name that is most like *key*, as it is written, and how like it is."""
    nearest, best = "", LIKE
    near = (other for other in evidence.names if abs(len(other) - len(key)) <= CLOSE)
    for number, other in enumerate(near):
        if number >= MOST_LIKE:
            break
        likeness = _likeness(key, other)
        if likeness > best:
            nearest, best = other, likeness
    return (evidence.names[nearest], best) if nearest else None


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() > LIKE else 0.0


def _of_states(clause: Clause, matches: list[Match]) -> tuple[list[Doubt], int]:
    told = [each for each in matches if each.share >= TOLD]
    near = [each for each in told if each.share >= told[0].share - NEAR]
    doubts = [_of_state(clause, name, sign, near) for name, sign in clause.states]
    if not clause.states and not clause.quantities and near:
        doubts.append(_of_denial(clause, near))
    return [each for each in doubts if each], len(clause.states)


def _of_state(clause: Clause, name: str, sign: int, near: list[Match]) -> Doubt | None:
    signs = [(match, dict(match.unit.clause.states).get(name)) for match in near]
    contrary = [match for match, known in signs if known == -sign]
    if not contrary or any(known == sign for _, known in signs):
        return None
    return _against(clause, contrary[0])


def _of_denial(clause: Clause, near: list[Match]) -> Doubt | None:
    """A clause without a known state is denied by one like it with one negation more."""
    like = [each for each in near if not each.unit.clause.states]
    shared = [len(each.unit.clause.keys & clause.keys) for each in like[:1]]
    if not shared or shared[0] < FEWEST or any(_same_side(clause, each) for each in like):
        return None
    return _against(clause, like[0])


def _same_side(clause: Clause, match: Match) -> bool:
    return match.unit.clause.negated == clause.negated


def _against(clause: Clause, match: Match) -> Doubt:
    return Doubt(Kinds.NEGATION, match.share, clause.start, clause.end, "", match, match.unit.text)


def _of_owners(clause: Clause, evidence: Evidence) -> tuple[list[Doubt], int]:
    """Whether what a clause tells of its names is known of them, and not of others."""
    mine = evidence.names_in(clause.keys) or evidence.names_in(clause.carried)
    if not mine or not clause.keys - mine or clause.quantities:
        return [], 0
    named = [
        (each, names)
        for each in evidence.matches(clause, without=mine)
        if _tells(clause, each) and (names := evidence.names_of(each.unit))
    ]
    if not named or named[0][0].share < TOLD:
        return [], 1
    return [each for each in [_of_owner(clause, mine, named, evidence)] if each], 1


def _of_owner(
    clause: Clause, mine: frozenset[str], named: list[Named], evidence: Evidence
) -> Doubt | None:
    """What speaks against *mine*, if others are in *named*, best first."""
    best, names = named[0]
    ours = [(each, owners) for each, owners in named if owners & mine]
    said = _written(mine, evidence)
    gap = best.share - max((each.share for each, _ in ours), default=0.0)
    if gap > RELATED:
        known = _written(names, evidence)
        return Doubt(Kinds.ELSE, gap, clause.start, clause.end, said, best, known)
    parted = [each for each in ours if each[0].share >= TOLD]
    if not parted or any(mine <= owners for _, owners in ours) or parted[0][1] <= mine:
        return None
    match, names = parted[0]
    known = _written(names, evidence)
    return Doubt(Kinds.APART, match.share, clause.start, clause.end, said, match, known)


def _written(names: frozenset[str], evidence: Evidence) -> str:
    return ", ".join(sorted(evidence.names[each] for each in names))


def _tells(clause: Clause, match: Match) -> bool:
    """Whether a unit tells the same states, so that it can be about somebody else."""
    return set(clause.states) <= set(match.unit.clause.states)
