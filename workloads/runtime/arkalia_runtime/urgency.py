"""How urgent the request that is being answered is: RFC 9218's urgency, 0 (most) to 7 (least).

Its caller says so, and every call that is made for it is as urgent.
"""

import re
from contextvars import ContextVar
from typing import Final

USUAL: Final = 3
"""RFC 9218's default."""

_URGENCY: Final = re.compile(r"(?:^|[\s,])u=([0-7])(?=$|[\s,;])")
_present: Final[ContextVar[int]] = ContextVar("urgency", default=USUAL)


def begin(given: str) -> None:
    """Let this request be as urgent as *given*, its header, says."""
    _present.set(urgency_of(given))


def present() -> int:
    """Urgency of the request that is being answered."""
    return _present.get()


def urgency_of(given: str) -> int:
    """What the header *given* says; the default where it says nothing that can be read."""
    found = _URGENCY.search(given) if given else None
    return int(found[1]) if found else USUAL
