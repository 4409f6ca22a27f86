"""Waiting in short steps for what must become true, and telling what was seen if it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS: Final = 240.0
"""A wait ends as soon as what it waits for is there, so only a story that fails takes as long.

On a machine that does other work beside, what takes seconds may take minutes; how quick something
is, `tests/bench/` says.
"""
STEP_SECONDS: Final = 0.2
LONGEST_STEP_SECONDS: Final = 0.8
GROWTH: Final = 1.2
"""From one step to the next: four runners that looked at everything five times a second took a fifth
of the machine from what they waited for."""


def eventually(
    look: Callable[[], T],
    within: float = PATIENCE_SECONDS,
    longest_step: float = LONGEST_STEP_SECONDS,
) -> T:
    """What *look* returns as soon as it raises no AssertionError.

    Raises an AssertionError with its last words after *within* seconds.
    """
    deadline = time.monotonic() + within
    step = STEP_SECONDS
    while True:
        try:
            return look()
        except AssertionError as seen:
            if time.monotonic() >= deadline:
                message = f"not within {within:g} s: {seen}"
                raise AssertionError(message) from seen
        time.sleep(step)
        step = min(step * GROWTH, longest_step)


def steadily(look: Callable[[], T]) -> T:
    """The same for a *look* that counts how often it was asked: all steps are as short as the first."""
    return eventually(look, longest_step=STEP_SECONDS)
