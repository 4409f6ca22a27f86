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
LIKE_A_WORD: Final = 0.85
"""The same for a word that has not the form of a name."""
TURNED: Final = 0.95
"""The likeness of words that differ in the order of their letters."""
CLOSE: Final = 2
"""Letters by which the lengths of like words may differ."""
FEWEST: Final = 2
"""Words that a clause and its denial must have in common."""
SHORTEST_LIKE: Final = 5
PLATFORM: Final = lexicon.stem("Arkalia")
"""The one name that everybody knows here."""
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
    NOBODY = "nobody"
    """It is known of somebody with a name, and is said of somebody who is not known."""
    NEGATION = "negation"
    """The contrary is known."""


Named = tuple[Match, frozenset[str]]
"""A unit, and the names that it is about."""


Told = tuple[Match, Quantity]
"""A unit, and one of its quantities."""


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
        _of_quantities(clause, matches, evidence),
        _of_names(clause, evidence),
        _of_states(clause, matches, evidence),
        _of_nobody(clause, matches, evidence),
        _of_owners(clause, matches, evidence),
    ):
        found.doubts += doubts
        found.claims += number
        found.supported += number - len(doubts)


def _of_quantities(
    clause: Clause, matches: list[Match], evidence: Evidence
) -> tuple[list[Doubt], int]:
    doubts = [_of_quantity(each, clause, matches, evidence) for each in clause.quantities]
    return [each for each in doubts if each], len(clause.quantities)


def _of_quantity(
    claim: Quantity, clause: Clause, matches: list[Match], evidence: Evidence
) -> Doubt | None:
    """What speaks against *claim*; None if the best evidence agrees."""
    able = _able(claim, matches)
    own = _of_the_same(clause, able, evidence)
    if not own or (own is able and own[0][0].share < RELATED):
        elsewhere = None if own else _agreeing(claim, able)
        if elsewhere:
            return _doubt(Kinds.ELSEWHERE, elsewhere.share, claim, elsewhere, "unknown")
        return None if _counts_items(claim, able) else _unknown_number(claim, clause)
    best, known = own[0]
    near = best.share - (NEAR_SIDE_BY_SIDE if _stands_beside(claim, clause) else NEAR)
    if _agreeing(claim, (each for each in own if each[0].share >= near)):
        return None
    kind = Kinds.ELSEWHERE if _agreeing(claim, able) else Kinds.NUMBER
    return _doubt(kind, best.share, claim, best, known.text)


def _agreeing(claim: Quantity, able: Iterable[Told]) -> Match | None:
    """The first of *able* that agrees with *claim*."""
    return next((match for match, known in able if numbers.agrees(claim, known)), None)


def _stands_beside(claim: Quantity, clause: Clause) -> bool:
    return sum(numbers.comparable(claim, each) for each in clause.quantities) > 1


def _able(claim: Quantity, matches: list[Match]) -> list[Told]:
    """The quantities of evidence that can be compared with *claim*: those of its kind, if any."""
    able = [(match, known) for match in matches for known in match.unit.clause.quantities]
    same = [each for each in able if each[1].kind is claim.kind]
    if same and same[0][0].share >= RELATED:
        return same
    return [each for each in able if numbers.comparable(claim, each[1])]


def _of_the_same(clause: Clause, able: list[Told], evidence: Evidence) -> list[Told]:
    """Those of *able* that tell of the names of *clause*; all if it has none that is known."""
    mine = evidence.names_of(clause)
    if not mine:
        return able
    return [each for each in able if not mine.isdisjoint(evidence.names_of(each[0].unit.clause))]


def _counts_items(claim: Quantity, able: list[Told]) -> bool:
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
    if evidence.knows(key) or key in evidence.names or key == PLATFORM:
        return None
    like = _like(key, evidence)
    if like:
        return Doubt(Kinds.NAME, like[1], start, end, name, None, like[0])
    if _is_compound(name, evidence):
        return None
    return Doubt(Kinds.UNKNOWN_NAME, 1.0, start, end, name)


def _is_compound(name: str, evidence: Evidence) -> bool:
    """Whether *name* is words with hyphens, `read-only`, and has no part of a known name."""
    parts = name.split("-")
    if len(parts) == 1 or not all(part.isalpha() for part in parts):
        return False
    return not any(lexicon.stem(part) in evidence.names for part in parts)


def _misspelt(word: str, start: int, end: int, evidence: Evidence) -> Doubt | None:
    key = lexicon.stem(word)
    if len(key) < SHORTEST_LIKE or evidence.knows(key) or key in evidence.names:
        return None
    like = _like(key, evidence)
    if like is None or like[1] < LIKE_A_WORD:
        return None
    return Doubt(Kinds.NAME, like[1], start, end, word, None, like[0])


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
    if one[0] == other[0] and sorted(one) == sorted(other):
        return TURNED
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() > LIKE else 0.0


def _of_states(clause: Clause, matches: list[Match], evidence: Evidence) -> tuple[list[Doubt], int]:
    told = [each for each in matches if each.share >= TOLD]
    mine = evidence.names_of(clause)
    told = [each for each in told if not mine or mine & evidence.names_of(each.unit.clause)]
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


def _of_nobody(clause: Clause, matches: list[Match], evidence: Evidence) -> tuple[list[Doubt], int]:
    """Whether a clause says of an unknown word what is known of a name."""
    owners = [each for each in evidence.names_of(clause) if not each[0].isdigit()]
    if owners or not (clause.quantities or clause.states or clause.names):
        return [], 0
    named = [each for each in matches[:1] if evidence.names_of(each.unit.clause)]
    unknown = [each for each in clause.words if not evidence.knows(lexicon.stem(each[0]))]
    if not named or not unknown:
        return [], 0
    word, start, end = unknown[0]
    strength = len(unknown) / len(clause.words)
    return [Doubt(Kinds.NOBODY, strength, start, end, word, named[0])], 1


def _of_owners(clause: Clause, matches: list[Match], evidence: Evidence) -> tuple[list[Doubt], int]:
    """Whether what a clause tells of its names is known of them, and not of others."""
    mine = evidence.names_of(clause)
    if not mine or not clause.keys - mine or clause.quantities:
        return [], 0
    same = (each for each in matches if _tells(clause, each))
    if len(mine) > 1 and any(mine <= evidence.names_of(each.unit.clause) for each in same):
        return [], 1
    named = [
        (each, names)
        for each in evidence.matches(clause, without=mine)
        if _tells(clause, each) and (names := evidence.names_of(each.unit.clause))
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
    if len(mine) == 1 or not parted:
        return None
    match, names = parted[0]
    known = _written(names, evidence)
    return Doubt(Kinds.APART, match.share, clause.start, clause.end, said, match, known)


def _written(names: frozenset[str], evidence: Evidence) -> str:
    return ", ".join(sorted(evidence.names[each] for each in names))


def _tells(clause: Clause, match: Match) -> bool:
    """Whether a unit tells the same states, so that it can be about somebody else."""
    return set(clause.states) <= set(match.unit.clause.states)
