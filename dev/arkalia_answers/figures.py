"""How good scores are: whether they tell right from wrong, and mean what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

BINS: Final = 10
Scored = Sequence[tuple[float, bool]]
"""Score, and whether the answer holds."""


def area(scored: Scored) -> float:
    """ROC AUC: how often an answer that holds has the higher score; ties count half."""
    rank, ranks = 1, 0.0
    for _, group in groupby(sorted(scored), key=lambda each: each[0]):
        tied = list(group)
        middle = rank + (len(tied) - 1) / 2
        ranks += middle * sum(holds for _, holds in tied)
        rank += len(tied)
    right = sum(holds for _, holds in scored)
    wrong = len(scored) - right
    return (ranks - right * (right + 1) / 2) / (right * wrong)


def calibration_error(scored: Scored) -> float:
    """ECE: how far the share of answers that hold is from their mean score, in ten bins."""
    total = 0.0
    for inside in _bins(scored):
        total += abs(
            _mean(score for score, _ in inside) - _mean(holds for _, holds in inside)
        ) * len(inside)
    return total / len(scored)


def reliability(scored: Scored) -> list[tuple[float, float, int]]:
    """For each bin: mean score, share that holds, number."""
    return [
        (_mean(score for score, _ in inside), _mean(holds for _, holds in inside), len(inside))
        for inside in _bins(scored)
    ]


def _bins(scored: Scored) -> list[list[tuple[float, bool]]]:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for score, holds in scored:
        bins[min(BINS - 1, int(score * BINS))].append((score, holds))
    return [inside for inside in bins if inside]


def _mean(values: Iterable[float]) -> float:
    given = list(values)
    return sum(given) / len(given)
