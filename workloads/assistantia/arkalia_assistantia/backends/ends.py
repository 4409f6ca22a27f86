"""When an answer has to be there, and who says so: the assistant itself, or whoever asks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from arkalia_assistantia.backends.completion import Chunk
from arkalia_assistantia.backends.errors import BrokenError, CutError
from arkalia_runtime import deadline


class Ends(NamedTuple):
    """When an answer has to be there."""

    at: float
    """By `time.monotonic()`."""
    is_own: bool
    """Whether the assistant says so, and not whoever asks."""

    @classmethod
    def of(cls, seconds: float) -> "Ends":
        """In so many *seconds*, or when whoever asks waits no longer."""
        left = deadline.left(seconds)
        return cls(time.monotonic() + left, left == seconds)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.at - time.monotonic())


async def within(
    chunks: AsyncIterator[Chunk], ends: Ends, close: Callable[[], None]
) -> AsyncIterator[Chunk]:
    """*chunks*, as long as there is time. Raises BrokenError when it is over, and CutError where that was not ours.

    Then *close* ends them: one timer costs less than one for each chunk.
    """
    is_over = False

    def end() -> None:
        nonlocal is_over
        is_over = True
        close()

    timer = asyncio.get_running_loop().call_later(ends.left, end)
    try:
        async for chunk in chunks:
            yield chunk
    except BrokenError:
        if not is_over:  # a clock would say the same, but for a moment
            raise
        message = "did not end in time"
        raise (BrokenError if ends.is_own else CutError)(message) from None
    finally:
        timer.cancel()
