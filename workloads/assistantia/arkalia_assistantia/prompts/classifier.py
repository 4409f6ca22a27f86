"""The classifier: a linear model over words and their parts, which scores every window of a text.

A window is what an attack fits into: an attack in the middle of a long document counts as much as one
that stands alone. The weights are small whole numbers, so the score of a text is the same on every
machine. `dev/arkalia_prompts` trains them on prompts of the project's own.
"""

import json
import zlib
from array import array
from base64 import b85decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from math import sqrt
from typing import Final, NamedTuple

from arkalia_assistantia.prompts.tokens import (
    BUCKETS,
    Token,
    features_of_neighbours,
    features_of_word,
    neighbours,
)

WEIGHTS: Final = "weights.json"

WINDOW: Final = 40
"""Tokens: two or three sentences."""

STRIDE: Final = 10
"""Tokens between the beginnings of two windows."""


class Window(NamedTuple):
    """Tokens *start* to *end*, and how much they read like an attack: 0 to 1, and 0.5 between."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights by feature."""

    weights: Sequence[int]
    bias: float
    scale: float
    """What a weight has to be multiplied with."""

    def most_suspicious(self, read: list[Token]) -> Window:
        """The window that reads most like an attack."""
        sums = [0, *accumulate(self._weights_of(read))]
        scored = (self._window(sums, start, end) for start, end in windows(len(read)))
        return max(scored, key=lambda window: window.score)

    def _window(self, sums: Sequence[int], start: int, end: int) -> Window:
        margin = (sums[end] - sums[start]) * self.scale / sqrt(max(end - start, 1)) + self.bias
        return Window(start, end, probability(margin))

    def _weights_of(self, read: list[Token]) -> Iterator[int]:
        weights = self.weights
        known: dict[str, int] = {}
        for word, before, second in neighbours(read):
            alone = known.get(word)
            if alone is None:
                alone = known[word] = sum(weights[each] for each in features_of_word(word))
            one, both, other = features_of_neighbours(word, before, second)
            yield alone + weights[one] + weights[both] + weights[other]


def windows(tokens: int) -> Iterator[tuple[int, int]]:
    """Begin and end of the windows over so many *tokens*: at least one."""
    start = 0
    while start + WINDOW < tokens:
        yield start, start + WINDOW
        start += STRIDE
    yield start, tokens


def probability(margin: float) -> float:
    """0 to 1 for a *margin* of -1 to 1: what the loss that was minimised makes of it."""
    return (min(1.0, max(-1.0, margin)) + 1) / 2


@cache
def trained() -> Classifier:
    """The classifier that ships with the service."""
    kept = json.loads(files(__package__).joinpath(WEIGHTS).read_text(encoding="ascii"))
    weights = array("b", zlib.decompress(b85decode(kept["weights"])))
    if len(weights) != BUCKETS:
        message = f"{WEIGHTS} has {len(weights)} weights, and {BUCKETS} are needed"
        raise ValueError(message)
    return Classifier(weights, kept["bias"], kept["scale"])
