"""What is known, as an index: from a clause of an answer to the clauses that tell of the same.

Rare words count for more than frequent ones. Every list is bounded, so that a look-up takes the
same time however much is known.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from arkalia_sandozia import lexicon
from arkalia_sandozia.clauses import Clause, clauses

MOST_UNITS: Final = 4000
"""Clauses of evidence; later ones are not looked at."""
MOST_POSTINGS: Final = 200
"""Units that one key leads to. A key of more says next to nothing."""
COMMON: Final = 0.5
"""A part of several names that stands in a larger share of the units tells none from another."""
SHORT: Final = 256
"""Characters of a fact that is kept with its clauses: it is told again with each answer."""
MOST_KEPT: Final = 4096
"""Facts; about 5 MiB, and 31 if all were as long as that."""
CARRIED_WEIGHT: Final = 0.6
"""Of what a sentence said in an earlier clause, beside what the clause says itself."""


FACT: Final = "fact"


@dataclass(frozen=True, slots=True)
class Source:
    """A text that is known."""

    name: str
    """How it is called in reasons: FACT, `context`, `conversation`."""
    text: str
    subject: str = ""
    """What it is about, if that is known apart: a name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One clause that is known."""

    clause: Clause
    source: str
    text: str


class Match(NamedTuple):
    """A unit, and how much of a clause it tells of too."""

    unit: Unit
    share: float
    """Of the weight of those words of the clause that are known at all."""


class Evidence:
    """All that is known."""

    def __init__(
        self, sources: Iterable[Source], goes_on: Callable[[], bool] = lambda: True
    ) -> None:
        self.units: list[Unit] = []
        self.left_out = 0
        """Characters of sources that were not read."""
        self.names: dict[str, str] = {}
        """Names by their keys, as they were written."""
        self._parts: Counter[str] = Counter()
        for source in sources:
            self._take(source, goes_on)
        self._postings: dict[str, list[int]] = defaultdict(list)
        self._keys = [unit.clause.keys | self.carried(unit.clause) for unit in self.units]
        frequencies = Counter(key for keys in self._keys for key in keys)
        self._weights = {
            key: math.log(1 + len(self.units) / number) for key, number in frequencies.items()
        }
        self._owners: dict[tuple[frozenset[str], frozenset[str]], frozenset[str]] = {}
        """The names that clauses are about, by what `names_of` reads of them."""
        self._index()

    def _take(self, source: Source, goes_on: Callable[[], bool]) -> None:
        for word in source.subject.split():
            self._name(word)
        text = source.text
        is_kept = source.name == FACT and len(text) <= SHORT
        for clause in _clauses_of(text) if is_kept else clauses(text):
            if len(self.units) >= MOST_UNITS or not goes_on():
                self.left_out += len(text) - clause.start
                return
            if clause.asks:
                self._names_of(clause)
                continue
            unit = Unit(clause, source.name, text[clause.start : clause.end])
            self.units.append(unit)
            self._names_of(clause)

    def _names_of(self, clause: Clause) -> None:
        for name, _, _ in clause.names:
            self._name(name)

    def _name(self, name: str) -> None:
        key = lexicon.stem(name)
        is_new = key not in self.names
        self.names.setdefault(key, name)
        for part in name.replace("/", "-").replace("_", "-").split("-"):
            if part.isalpha() and len(part) > lexicon.SHORTEST_STEM:
                self.names.setdefault(lexicon.stem(part), part)
                self._parts[lexicon.stem(part)] += is_new

    def _index(self) -> None:
        for number, keys in enumerate(self._keys):
            for key in keys:
                if len(self._postings[key]) < MOST_POSTINGS:
                    self._postings[key].append(number)

    def __bool__(self) -> bool:
        return bool(self.units)

    def knows(self, key: str) -> bool:
        """Whether *key* stands anywhere."""
        return key in self._weights

    def weight(self, key: str) -> float:
        """How much *key* says; 0 if it is not known."""
        return self._weights.get(key, 0.0)

    def matches(self, clause: Clause, without: frozenset[str] = frozenset()) -> list[Match]:
        """The units that tell of what *clause* tells of, *without* some keys; best first."""
        # In one order: sums of floats depend on it, and the same answer has the same score.
        keys = sorted(clause.keys - without)
        wanted = {key: self.weight(key) for key in keys if self.knows(key)}
        for key in sorted(self.carried(clause) - without):
            wanted[key] = CARRIED_WEIGHT * self.weight(key)
        total = sum(wanted.values())
        if not total:
            return []
        found: dict[int, float] = defaultdict(float)
        for key, weight in wanted.items():
            for number in self._postings[key]:
                found[number] += weight
        matches = [Match(self.units[number], each / total) for number, each in found.items()]
        return sorted(matches, key=_best_first)

    def names_in(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of *keys* that are names, and tell one unit from another."""
        return frozenset(key for key in keys if key in self.names and not self._is_common(key))

    def _is_common(self, key: str) -> bool:
        """Whether *key* is a part of several names, and stands nearly everywhere."""
        return self._parts[key] > 1 and len(self._postings[key]) > COMMON * len(self.units)

    def carried(self, clause: Clause) -> frozenset[str]:
        """The names of earlier clauses that *clause* is about, if it has none of its own."""
        if any(key in self.names for key in clause.keys):
            return frozenset()
        return frozenset(key for key in clause.carried if key in self.names)

    def names_of(self, clause: Clause) -> frozenset[str]:
        """The names that *clause* is about."""
        about = clause.keys, clause.carried
        found = self._owners.get(about)
        if found is None:
            found = self.names_in(clause.keys | self.carried(clause))
            self._owners[about] = found
        return found


@lru_cache(MOST_KEPT)
def _clauses_of(text: str) -> tuple[Clause, ...]:
    return tuple(clauses(text))


def _best_first(match: Match) -> tuple[float, int]:
    return -match.share, match.unit.clause.start
