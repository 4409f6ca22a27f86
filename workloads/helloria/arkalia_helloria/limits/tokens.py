"""PURE. How many tokens of a model an answer has cost, as the answer itself tells.

Answers of three kinds tell it, at their end: OpenAI's `usage`, Ollama's counts, and the `tokens` of the
system's own chat. A stream that its client leaves has no end: there each event counts as one, or each
line where the answer is made of lines.
"""

import re
from collections.abc import Iterable
from typing import Final

from arkalia_helloria.limits.rate import Limit

TAIL_BYTES: Final = 16 * 1024
"""So much of an answer's end is looked at."""

EVENT_END: Final = b"\n\n"
LINE_END: Final = b"\n"
LINES: Final = b"application/x-ndjson"

TOTAL: Final = re.compile(rb'"total_tokens"\s*:\s*(\d{1,12})')
PAIRS: Final = (
    re.compile(rb'"prompt_eval_count"\s*:\s*(\d{1,12})[^{}]*"eval_count"\s*:\s*(\d{1,12})'),
    re.compile(
        rb'"tokens"\s*:\s*\{\s*"prompt"\s*:\s*(\d{1,12})\s*,\s*"completion"\s*:\s*(\d{1,12})'
    ),
)


def per_minute(tokens: int) -> Limit:
    """*tokens* a minute."""
    return Limit("tokens-minute", tokens, 60.0)


def per_day(tokens: int) -> Limit:
    """*tokens* a day."""
    return Limit("tokens-day", tokens, 86_400.0)


class Meter:
    """Looks at an answer while it passes."""

    def __init__(self) -> None:
        self._tail = b""
        self._events = 0
        self._end = EVENT_END

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """The answer has these *headers*."""
        if any(name == b"content-type" and value.startswith(LINES) for name, value in headers):
            self._end = LINE_END

    def see(self, data: bytes) -> None:
        """Some of the answer."""
        # An end may have come in two pieces.
        seen, known = self._tail + data, max(0, len(self._tail) - len(self._end) + 1)
        self._events += seen.count(self._end, known)
        self._tail = seen[-TAIL_BYTES:]

    def used(self, *, ended: bool) -> int:
        """Tokens that the answer has cost; *ended*: it came to its end."""
        told = _told(self._tail)
        if told is None:
            return 0 if ended else self._events
        return told


def _told(tail: bytes) -> int | None:
    if found := TOTAL.findall(tail):
        return int(found[-1])
    for pair in PAIRS:
        if both := pair.findall(tail):
            return sum(map(int, both[-1]))
    return None
