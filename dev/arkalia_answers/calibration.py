"""What is fitted, and how good it is on answers that nothing was fitted to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from arkalia_answers import dataset, figures, fitting
from arkalia_answers.dataset import Example, Split
from arkalia_sandozia.scoring import Features, Witness
from arkalia_sandozia.validation import validate

DIGITS: Final = 3
DOUBT: Final = 0.5
"""Answers with a lower score are taken as wrong, for the shares of what is found."""


class Kind(NamedTuple):
    """One witness: where its examples come from, and how many there are."""

    make: Callable[[Split, int], list[Example]]
    fitted: int
    """Of each family."""
    judged: int


KINDS: Final = {
    "grounding": Kind(dataset.grounded, 250, 1000),
    "consistency": Kind(dataset.contradictory, 150, 600),
    "samples": Kind(dataset.repeated, 100, 400),
}
Heard = Sequence[tuple[Features | None, Example]]
"""What a witness says of each example; None if it has nothing to say."""


def witness(name: str) -> Witness:
    """The witness *name*, fitted."""
    kind = KINDS[name]
    heard = [
        (features, example)
        for split in dataset.SPLITS
        for features, example in listened(name, kind.make(split, kind.fitted))
        if features is not None
    ]
    names = sorted(heard[0][0])
    rows = [[features[each] for each in names] for features, _ in heard]
    weights = fitting.fitted(rows, [example.holds for _, example in heard])
    intercept, *others = (round(each, DIGITS) for each in weights)
    return Witness(intercept, dict(zip(names, others, strict=True)))


def listened(name: str, examples: Iterable[Example]) -> Heard:
    """What the witness *name* says of *examples*."""
    return [(validate(each.question).heard.get(name), each) for each in examples]


def judged(name: str, fitted: Witness) -> dict[str, Any]:
    """The figures of *fitted* on the family that is held out."""
    kind = KINDS[name]
    heard = listened(name, kind.make(dataset.HELD_OUT, kind.judged))
    scored = [(_score(fitted, features), example) for features, example in heard]
    plain = [(score, example.holds) for score, example in scored]
    found: dict[str, list[bool]] = defaultdict(list)
    for score, example in scored:
        found["" if example.holds else example.mutation].append(score < DOUBT)
    wrong = [each for name, all_found in found.items() if name for each in all_found]
    return {
        "answers": len(plain),
        "area": round(figures.area(plain), DIGITS),
        "calibration_error": round(figures.calibration_error(plain), DIGITS),
        "found": _share(wrong),
        "false_alarms": _share(found[""]),
        "by_mutation": {
            name: {"answers": len(each), "found": _share(each)}
            for name, each in sorted(found.items())
            if name
        },
        "reliability": [
            [round(score, 2), round(share, 2), number]
            for score, share, number in figures.reliability(plain)
        ],
    }


def _score(fitted: Witness, features: Features | None) -> float:
    return 0.5 if features is None else 1 / (1 + math.exp(-fitted.log_odds(features)))


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), DIGITS)
