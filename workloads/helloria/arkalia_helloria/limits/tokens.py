"""PURE. How many tokens of a model an answer has cost, as the answer itself tells.

Answers of three kinds tell it, at their end: OpenAI's `usage`, Ollama's counts, and the `tokens` of the
system's own chat. A stream that does not tell it, since its client leaves or its model breaks off, costs
one for each event, or for each line where it is made of lines.
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
EVENTS: Final = b"text/event-stream"

MOST_TOKENS: Final = 10**9
"""No answer costs more, whatever it tells."""

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
        self._is_stream = False

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """The answer has these *headers*."""
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        self._is_stream = kind.startswith((LINES, EVENTS))
        if kind.startswith(LINES):
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
            return self._events if self._is_stream or not ended else 0
        return min(told, MOST_TOKENS)


def _told(tail: bytes) -> int | None:
    if found := TOTAL.findall(tail):
        return int(found[-1])
    for pair in PAIRS:
        if both := pair.findall(tail):
            return sum(map(int, both[-1]))
    return None
