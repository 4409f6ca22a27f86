"""PURE. How many tokens of a model an answer has cost, as the answer itself tells.

Answers of three kinds tell it, at their end: OpenAI's `usage`, Ollama's counts, and the `tokens` of the
system's own chat. A stream that does not tell it, since its client leaves or its model breaks off, costs
one for each event, or for each line where it is made of lines.

What else stands in an answer, a caller may have chosen: a call of a tool is JSON of any form. So a count
is read only where a caller can write none: as a member of the answer itself, or of its `arkalia`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from arkalia_helloria.limits.rate import Limit

TAIL_BYTES: Final = 16 * 1024
"""So much of an answer's end is looked at."""

EVENT_END: Final = b"\n\n"
LINE_END: Final = b"\n"
LINES: Final = b"application/x-ndjson"
EVENTS: Final = b"text/event-stream"

MOST_TOKENS: Final = 10**9
"""No answer costs more, whatever it tells."""

OWN: Final = "arkalia"
"""The member in which the system tells what clients of others' APIs pass over."""
COUNTED: Final = re.compile(rb'(?<!\\)"(?:usage|prompt_eval_count|tokens)"\s*:')
"""Members from which on an answer may tell what it has cost. Inside a text such quotes are escaped."""
MOST_MEMBERS: Final = 16
"""So many of them are tried, the last ones: what comes before the counts may hold thousands."""
OPENINGS: Final = (b"{", b'{"%s":{' % OWN.encode())
"""With what the end of an answer becomes a document again, if it begins at a member of the answer, or of
a member of it. Anywhere else, brackets are left over."""
DATA: Final = b"data:"


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
        told = next((each for part in self._parts() if (each := _told(part)) is not None), None)
        if not told:  # a model server that does not count is told of as 0
            return self._events if self._is_stream or not ended else 0
        return told

    def _parts(self) -> Iterator[bytes]:
        """What may tell it, the last first: no JSON in a stream goes on in another line."""
        lines = reversed(self._tail.split(b"\n")) if self._is_stream else [self._tail]
        return (each.strip().removeprefix(DATA).strip() for each in lines)


def _told(part: bytes) -> int | None:
    """The greatest count that *part* tells; its beginning may be missing."""
    starts = [found.start() for found in COUNTED.finditer(part)]
    if not starts:
        return None
    whole = _read(part)
    ends = (part[start:] for start in starts[-MOST_MEMBERS:])
    found = [whole] if whole else [_read(begun + end) for end in ends for begun in OPENINGS]
    return max((count for each in found for count in _counts(each)), default=None)


def _read(text: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _counts(answer: dict[str, Any]) -> Iterator[int]:
    yield from _sum(answer.get("usage"), "total_tokens")
    yield from _sum(answer, "prompt_eval_count", "eval_count")
    yield from _sum(answer.get("tokens"), "prompt", "completion")
    if isinstance(own := answer.get(OWN), dict):
        yield from _sum(own.get("tokens"), "prompt", "completion")


def _sum(told: object, *names: str) -> Iterator[int]:
    """What *told* says under *names* together, if it says all of them."""
    found = [told.get(name) for name in names] if isinstance(told, dict) else [None]
    numbers = [each for each in found if isinstance(each, int | float) and each >= 0]
    if len(numbers) == len(found):
        # A number of more than 64 bits is read as a fraction, which may be endless.
        yield int(min(sum(numbers), MOST_TOKENS))
