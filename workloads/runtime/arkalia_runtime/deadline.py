"""How long the request that is being answered may still take.

Its caller says so, and every call that is made for it gets no more than what is left.
"""

import re
import time
from contextvars import ContextVar
from typing import Final

BLAMED_SECONDS: Final = 1.0
"""Who is silent for so long is to blame; that a caller waits for less is not its fault."""

_ends: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)

_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")

CLOCK_SECONDS: Final = 0.01
"""A timer may end so much before the deadline for which it was set."""


def begin(given: str) -> None:
    """Let this request end after *given* seconds, a decimal number that its header says.

    Anything else is passed over: the request has no limit.
    """
    said = _SECONDS.fullmatch(given) if given else None
    _ends.set(time.monotonic() + float(given) if said else None)


def left(at_most: float) -> float:
    """Seconds until the deadline; *at_most* if it is further away or there is none.

    Never below 0.
    """
    ends = _ends.get()
    return at_most if ends is None else max(0.0, min(at_most, ends - time.monotonic()))


def is_over() -> bool:
    """Whether nothing is left; a request without a deadline has always time."""
    return left(2 * CLOCK_SECONDS) <= CLOCK_SECONDS
