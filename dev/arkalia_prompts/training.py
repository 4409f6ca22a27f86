"""Training: stochastic gradient descent on the modified Huber loss, with Adagrad's steps.

Everything is made of additions, multiplications and square roots, which are the same to the last bit
on every machine; there is no exponential in it. A feature counts if several templates have it, and each
step sees an eighth of a window's features: so no single word is enough, and many together are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final, NamedTuple

from arkalia_assistantia.prompts.classifier import WINDOW, windows
from arkalia_assistantia.prompts.tokens import (
    BUCKETS,
    Token,
    features_of_neighbours,
    features_of_word,
    neighbours,
    tokens,
)
from arkalia_prompts.examples import SEED, Example, seeded

EPOCHS: Final = 5
STEP: Final = 0.02
STEP_OF_BIAS: Final = 0.002
DECAY: Final = 1e-6
"""By how much a weight shrinks each time that its feature is seen."""

STEEPEST: Final = 4.0
"""The loss grows no faster than this."""

SHARE: Final = 8
"""One feature of so many is seen in a step."""

SUPPORT: Final = 6
"""Templates that must have a feature before it counts."""

LONGEST: Final = 400
"""Tokens of an example that are read."""


class Sample(NamedTuple):
    """One window: its features, and whether it is an attack."""

    features: Sequence[int]
    scale: float
    is_attack: bool
    template: int


@dataclass(slots=True)
class Model:
    """What is trained."""

    weights: list[float] = field(default_factory=lambda: [0.0] * BUCKETS)
    bias: float = 0.0

    def margin(self, features: Sequence[int], scale: float) -> float:
        """Above 0 for an attack, below for none."""
        return sum(map(self.weights.__getitem__, features)) * scale + self.bias


def samples(of: Iterable[Example]) -> list[Sample]:
    """Windows of the examples that are an attack or none; not those that hold a piece of one."""
    return [sample for example in of for sample in _windows_of(example)]


def trained(on: Sequence[Sample]) -> Model:
    """The model after all epochs."""
    kept = _supported(on)
    model = Model()
    seen = [STEP_OF_BIAS**2] * BUCKETS
    order = list(range(len(kept)))
    random = seeded(SEED)
    for _ in range(EPOCHS):
        random.shuffle(order)
        for number in order:
            _learn(model, seen, kept[number], random.randrange(SHARE))
    return model


def _supported(given: Sequence[Sample]) -> list[Sample]:
    """The samples without the features that hardly a template has."""
    last, templates = [-1] * BUCKETS, bytearray(BUCKETS)
    for sample in sorted(given, key=lambda each: each.template):
        for feature in sample.features:
            if last[feature] != sample.template:
                last[feature] = sample.template
                templates[feature] = min(templates[feature] + 1, SUPPORT)
    return [
        each._replace(features=[f for f in each.features if templates[f] >= SUPPORT])
        for each in given
    ]


def _learn(model: Model, seen: list[float], sample: Sample, first: int) -> None:
    """One step on a share of the features of *sample*, from the *first* on."""
    sign = 1.0 if sample.is_attack else -1.0
    features, scale = sample.features[first::SHARE], sample.scale * SHARE
    right = model.margin(features, scale) * sign
    if right >= 1:
        return
    gradient = -sign * min(2 * (1 - right), STEEPEST)
    part = gradient * scale
    square, weights = part * part, model.weights
    for feature in features:
        seen[feature] += square
        weights[feature] -= STEP * part / sqrt(seen[feature]) + DECAY * weights[feature]
    model.bias -= STEP_OF_BIAS * gradient


def _windows_of(example: Example) -> Iterator[Sample]:
    read = list(tokens(example.text, LONGEST))
    each = [
        [*features_of_word(word), *features_of_neighbours(word, *before)]
        for word, *before in neighbours(read)
    ]
    attack = _attack(example, read)
    for start, end in windows(len(read)):
        if attack is None or _holds(start, end, *attack):
            features = array("I", [feature for part in each[start:end] for feature in part])
            scale = 1 / sqrt(max(end - start, 1))
            yield Sample(features, scale, attack is not None, example.template)


def _holds(start: int, end: int, first: int, last: int) -> bool:
    """Whether a window holds the whole of an attack, or is full of it."""
    return min(end, last) - max(start, first) >= min(WINDOW, last - first)


def _attack(example: Example, read: list[Token]) -> tuple[int, int] | None:
    """The attack of *example* as numbers of tokens."""
    if example.attack is None:
        return None
    start, end = example.attack
    inside = [number for number, each in enumerate(read) if start <= each.start < end]
    return inside[0], inside[-1] + 1
