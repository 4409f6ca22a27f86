"""What a layer has found: where, why, and how much it weighs."""

from collections.abc import Iterable
from math import prod
from typing import Final, Literal, NamedTuple

Layer = Literal["normalisation", "encodings", "separation", "classifier", "canary", "answer"]

SUSPICIOUS: Final = 0.5
"""A score from which on a text counts as an attack."""


class Finding(NamedTuple):
    """One reason for a score."""

    layer: Layer
    reason: str
    """A word for machines."""

    message: str
    """A sentence for people. It repeats nothing of the text."""

    start: int
    end: int
    """Where it is, in characters of the text as it was given."""

    weight: float
    """0 to 1: how much this alone says of an attack."""


def score_of(findings: Iterable[Finding]) -> float:
    """0 to 1: reasons add up, and none takes away from another."""
    return round(1 - prod(1 - each.weight for each in findings), 4)
