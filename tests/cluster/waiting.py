"""Waiting in short steps for what must become true, and telling what was seen if it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STEP_SECONDS = 0.2


def eventually(look: Callable[[], T], within: float = 30) -> T:
    """What *look* returns as soon as it raises no AssertionError.

    Raises an AssertionError with its last words after *within* seconds.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            return look()
        except AssertionError as seen:
            if time.monotonic() >= deadline:
                message = f"not within {within:g} s: {seen}"
                raise AssertionError(message) from seen
        time.sleep(STEP_SECONDS)
