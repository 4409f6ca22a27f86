"""A text as clauses: what each is about, which quantities and states it tells, and whether it denies.

One pass over the text; every pattern takes time in proportion to what it reads. There is no
grammar: a clause ends at punctuation, and at a conjunction after which another thing is claimed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from arkalia_sandozia import dates, lexicon, numbers
from arkalia_sandozia.dates import Token
from arkalia_sandozia.numbers import Bound, Kind, Quantity

_TOKEN: Final = re.compile(r"[^\W_][\w°]*(?:[-./:@+'\u2019,]\w+)*%?|[%‰]|°C|[.!?;:,\n]")
_PARTS: Final = re.compile(r"[^\W\d_]{3,}")
_ENDS: Final = frozenset(".!?;\n")
_SPLITS: Final = frozenset(
    (",", "and", "but", "while", "whereas", "although", "though", "et", "mais", "alors")
)
_SILENT: Final = frozenset(",:")
_PERCENTILES: Final = frozenset(("50", "75", "90", "95", "98", "99", "99.9", "99.99"))
_ORDINAL: Final = re.compile(r"(\d{1,3})(?:st|nd|rd|th|er|e)")
_PERCENTILE: Final = re.compile(r"[pP]\d{2,3}")
_BULLETS: Final = frozenset("-*•")
_PER: Final = (["requests", "per"], ["queries", "per"], ["calls", "per"])
_ENOUGH: Final = 3
"""Words that make a clause: what, does, whom."""
_LONGEST_NAME: Final = 128
_BOUND_REACH: Final = 3
"""Words before a number that may say how exactly it is meant."""
_NEGATION_REACH: Final = 4
"""Words after a negation whose state it turns around."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause."""

    start: int
    end: int
    keys: frozenset[str]
    """What it is about: stems, and the parts of names."""
    names: tuple[tuple[str, int, int], ...]
    """What has the form of a name, with its place."""
    quantities: tuple[Quantity, ...]
    states: tuple[tuple[str, int], ...]
    """Each with its sign: whether it holds."""
    negated: bool
    asks: bool
    changes: bool
    """It tells of another time, or of a condition."""
    carried: frozenset[str] = frozenset()
    """What the clauses before it, in its sentence, are about."""
    words: tuple[tuple[str, int, int], ...] = ()
    """The plain words of it, with their places."""


@dataclass(slots=True)
class _Draft:
    """A clause that is being read."""

    tokens: list[Token] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    names: list[tuple[str, int, int]] = field(default_factory=list)
    words: list[tuple[str, int, int]] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    negations: list[int] = field(default_factory=list)
    changes: bool = False

    @property
    def claims(self) -> bool:
        """Whether it says something already, so that a conjunction begins another clause."""
        told = len(self.words) + len(self.names) >= _ENOUGH
        return told or bool(self.quantities or self.states or self.negations)


def clauses(text: str, start: int = 0, end: int | None = None) -> Iterator[Clause]:
    """The clauses of *text* between *start* and *end*, in order."""
    carried = heading = frozenset[str]()
    for tokens, ends_with in _sentences(text, start, len(text) if end is None else end):
        before = carried if _goes_on(tokens) else frozenset()
        if _is_item(text, tokens):
            before |= heading
        for draft in _drafts(tokens):
            made = _made(draft, before, asks=ends_with == "?")
            before |= made.keys
            yield made
        carried = before
        if tokens[-1][2] == ":":
            heading = before


def _goes_on(tokens: Sequence[Token]) -> bool:
    """Whether a sentence begins with a word that stands for what the one before was about."""
    first = tokens[0][2].lower()
    return first in {"it", "its", "they", "their", "both", "il", "elle", "ils"}


def _is_item(text: str, tokens: Sequence[Token]) -> bool:
    """Whether a sentence stands in a list, whose heading it goes on with."""
    start = tokens[0][0]
    return not _BULLETS.isdisjoint(text[max(0, start - 4) : start])


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[list[Token], str]]:
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text, start, end):
        word = found.group()
        if word in _ENDS:
            if any(each not in _SILENT for _, _, each in tokens):
                yield tokens, word
            tokens = []
        else:
            tokens.append((found.start(), found.end(), word))
    if any(each not in _SILENT for _, _, each in tokens):
        yield tokens, ""


def _drafts(tokens: list[Token]) -> Iterator[_Draft]:
    """Read *tokens* from left to right."""
    draft, at = _Draft(), 0
    while at < len(tokens):
        word = tokens[at][2].lower()
        if word in _SPLITS and draft.claims:
            yield draft
            draft = _Draft(changes=word in lexicon.CHANGES)
        at += _read(draft, tokens, at)
    if draft.tokens:
        yield draft


def _read(draft: _Draft, tokens: list[Token], at: int) -> int:
    """Take the token *at* into *draft*; returns how many tokens that took."""
    token = tokens[at]
    if token[2] in _SILENT:
        return 1
    draft.tokens.append(token)
    taken = _date(draft, tokens, at) or _number(draft, tokens, at)
    if taken:
        draft.tokens += tokens[at + 1 : at + taken]
        return taken
    _word(draft, tokens, at)
    return 1


def _date(draft: _Draft, tokens: list[Token], at: int) -> int:
    found = dates.written(tokens[at])
    if found:
        draft.quantities += found
        return 1
    spelled = dates.spelled(tokens, at)
    if spelled is None:
        return 0
    draft.quantities.append(spelled[0])
    return spelled[1]


def _number(draft: _Draft, tokens: list[Token], at: int) -> int:
    text = tokens[at][2]
    if text.lower() in lexicon.NUMBER_WORDS:
        return _spelled_number(draft, tokens, at)
    parts = numbers.split(text)
    if parts is None:
        return 0
    digits, attached = parts
    measured = numbers.unit(attached) if attached else None
    if attached and measured is None:
        return 0
    taken = 1
    if not attached:
        measured, taken = _following_unit(tokens, at + 1)
    if digits in _PERCENTILES and _is_percentile(measured, tokens, at + taken):
        draft.keys.add(f"p{digits}")
        return taken
    draft.quantities.append(_measured(tokens, at, taken, (digits, measured)))
    return taken


def _measured(
    tokens: list[Token], at: int, taken: int, told: tuple[str, numbers.Unit | None]
) -> Quantity:
    """The quantity that stands in *taken* tokens from *at* on."""
    words = tokens[at : at + taken]
    text = " ".join(each for _, _, each in words)
    found = numbers.quantity((words[0][0], words[-1][1]), text, *told)
    return _bounded(found, tokens, at)


def _is_percentile(measured: numbers.Unit | None, tokens: list[Token], at: int) -> bool:
    """Whether a share of all requests is meant: 95 % of the requests are what p95 is about."""
    if measured is None or measured[0] is not Kind.SHARE:
        return False
    words = [text.lower() for _, _, text in tokens[at : at + 4]]
    return words[:1] == ["of"] and any(lexicon.stem(each) == "request" for each in words)


def _spelled_number(draft: _Draft, tokens: list[Token], at: int) -> int:
    measured, taken = _following_unit(tokens, at + 1)
    digits = str(lexicon.NUMBER_WORDS[tokens[at][2].lower()])
    draft.quantities.append(_measured(tokens, at, taken, (digits, measured)))
    return taken


def _bounded(found: Quantity, tokens: list[Token], at: int) -> Quantity:
    before = [text.lower() for _, _, text in tokens[max(0, at - _BOUND_REACH) : at]]
    bound = numbers.bound_of(before)
    if bound is Bound.EXACT:
        return found
    return Quantity(
        found.start,
        found.end,
        found.text,
        found.value,
        found.kind,
        found.step,
        bound,
        found.other,
    )


def _following_unit(tokens: list[Token], at: int) -> tuple[numbers.Unit | None, int]:
    """The unit that stands at *at*, and how many tokens number and unit take together."""
    words = [text.lower() for _, _, text in tokens[at : at + 3]]
    if words[:2] in _PER and len(words) > len(words[:2]):
        return (Kind.RATE, 1.0, None), 4
    if not words or (len(words[0]) == 1 and words[0] not in {"s", "h", "d", "%", "‰", "b"}):
        return None, 1
    measured = numbers.unit(tokens[at][2])
    if measured and words[0] == "percentage":
        return measured, 2
    return (measured, 2) if measured else (None, 1)


def _word(draft: _Draft, tokens: list[Token], at: int) -> None:
    start, end, text = tokens[at]
    word = text.lower().replace("\u2019", "'")
    if word in lexicon.DENIALS and at and tokens[at - 1][2] == ":":
        draft.states = {name: -sign for name, sign in draft.states.items()}
        draft.negations.append(len(draft.tokens))
        if word in lexicon.ZEROES:
            draft.quantities.append(Quantity(start, end, text, 0.0, Kind.COUNT, 0.0))
        return
    if word in lexicon.NEGATIONS:
        draft.negations.append(len(draft.tokens))
        _zero(draft, tokens, at)
        return
    draft.changes |= word in lexicon.CHANGES
    if word in lexicon.STATES:
        name, sign = lexicon.STATES[word]
        draft.states[name] = -sign if _is_denied(draft) else sign
    if word in lexicon.STOP or end - start > _LONGEST_NAME:
        return
    ordinal = _ORDINAL.fullmatch(word) if word[0].isdigit() else None
    if ordinal:
        draft.keys.add(f"p{ordinal[1]}")  # the 95th percentile is p95
        return
    draft.keys.add(lexicon.STATES[word][0] if word in lexicon.STATES else lexicon.stem(word))
    named = _is_name(text, first=len(draft.tokens) == 1)
    (draft.names if named else draft.words).append((text, start, end))
    if named:
        draft.keys.update(lexicon.stem(part) for part in _PARTS.findall(text))


def _is_denied(draft: _Draft) -> bool:
    here = len(draft.tokens)
    near = [place for place in draft.negations if here - place <= _NEGATION_REACH]
    return len(near) % 2 == 1


def _zero(draft: _Draft, tokens: list[Token], at: int) -> None:
    """No restarts are 0 restarts; but what is not a noun is not counted: no longer."""
    start, end, text = tokens[at]
    following = tokens[at + 1][2].lower() if at + 1 < len(tokens) else ""
    counts = text.lower() in lexicon.ZEROES and following[:1].isalpha()
    if counts and following not in lexicon.STOP | lexicon.STATES.keys() | {"longer", "more"}:
        draft.quantities.append(Quantity(start, end, text, 0.0, Kind.COUNT, 0.0))


def _is_name(text: str, *, first: bool) -> bool:
    """Whether *text* has the form of a name: `luna-helloria`, `v1.2.3`, `NodePort`, `Ada`."""
    if (text.isalpha() and text.islower()) or _PERCENTILE.fullmatch(text):
        return False
    if text[1:] != text[1:].lower() and not text.isupper():
        return True
    if any(mark in text for mark in "-./:@_") or any(letter.isdigit() for letter in text):
        return True
    if text.lower() in lexicon.STATES or text.lower() in lexicon.SYNONYMS:
        return False
    return text[0].isupper() and not text.isupper() and not first


def _made(draft: _Draft, carried: frozenset[str], *, asks: bool) -> Clause:
    zero = any(each.kind is Kind.COUNT and each.value == 0 for each in draft.quantities)
    return Clause(
        draft.tokens[0][0],
        draft.tokens[-1][1],
        frozenset(draft.keys),
        tuple(draft.names),
        tuple(draft.quantities),
        tuple(draft.states.items()),
        zero or len(draft.negations) % 2 == 1,
        asks,
        draft.changes,
        carried - draft.keys,
        tuple(draft.words),
    )
