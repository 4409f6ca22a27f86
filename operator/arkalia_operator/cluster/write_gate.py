"""Whether this process may write now: the client asks before every request that changes something."""

from __future__ import annotations

import math
from typing import Protocol


class WriteGate(Protocol):
    """Who may write, and for how long."""

    def remaining(self) -> float:
        """Seconds for which this process may write; 0 if it may not."""


class OpenWriteGate:
    """For an operator that is alone by other means, and for the Lease itself."""

    def remaining(self) -> float:
        """For ever."""
        return math.inf
