"""Logistic regression by Newton's method, in plain Python: a dozen weights, a second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

ROUNDS: Final = 25
RIDGE: Final = 0.5
"""Holds weights of what was never seen at 0, and the others at a finite size."""

Row = Sequence[float]


def fitted(rows: Sequence[Row], holds: Sequence[bool], ridge: float = RIDGE) -> list[float]:
    """Intercept and weights under which *holds* is most probable, given *rows*."""
    table = [(1.0, *row) for row in rows]
    weights = [0.0] * len(table[0])
    for _ in range(ROUNDS):
        step = _step(table, holds, weights, ridge)
        weights = [weight + each for weight, each in zip(weights, step, strict=True)]
    return weights


def _step(
    table: Sequence[Row], holds: Sequence[bool], weights: list[float], ridge: float
) -> list[float]:
    size = len(weights)
    gradient = [-ridge * weight for weight in weights]
    curvature = [[ridge * (row == column) for column in range(size)] for row in range(size)]
    for row, outcome in zip(table, holds, strict=True):
        chance = 1 / (1 + math.exp(-sum(a * b for a, b in zip(row, weights, strict=True))))
        spread = chance * (1 - chance)
        for at, value in enumerate(row):
            if value:
                gradient[at] += value * (outcome - chance)
                line = curvature[at]
                for other, factor in enumerate(row):
                    line[other] += spread * value * factor
    return solved(curvature, gradient)


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a symmetric positive system, by elimination."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for at in range(size):
        for below in range(at + 1, size):
            factor = rows[below][at] / rows[at][at]
            rows[below] = [a - factor * b for a, b in zip(rows[below], rows[at], strict=True)]
    solution = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][other] * solution[other] for other in range(at + 1, size))
        solution[at] = (rows[at][size] - known) / rows[at][at]
    return solution
