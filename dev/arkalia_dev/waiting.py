"""Waiting for something outside: always with a limit, and with a sentence for when it is reached."""

import time
from collections.abc import Callable

from arkalia_dev.errors import DevError

PAUSE_SECONDS = 0.25


def wait_until(what: str, holds: Callable[[], bool], seconds: float, advice: str = "") -> None:
    """Return as soon as *holds*.

    Raises:
        DevError: it did not hold within *seconds*.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            message = f"After {seconds:.0f} s still not so: {what}."
            raise DevError(message, advice)
        time.sleep(PAUSE_SECONDS)
