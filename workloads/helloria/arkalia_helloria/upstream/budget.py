"""How often a request may be sent again: a share of all requests, so that retries end no module.

A request of which nothing was sent costs nothing: no pod has worked on it.
"""

from typing import Final

SHARE: Final = 0.1
"""Retries for each request: Google's SRE book, "Handling Overload", has the same tenth."""

MOST: Final = 20.0
"""What is saved at most; it is also what there is at the start."""


class RetryBudget:
    """What is left to spend."""

    def __init__(self) -> None:
        self._left = MOST

    def earn(self) -> None:
        """A request came."""
        if self._left < MOST:
            self._left += SHARE

    def spend(self) -> bool:
        """Whether one request may be sent again."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
