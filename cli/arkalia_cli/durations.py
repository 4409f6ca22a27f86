"""Spans of time as people write and read them with kubectl: `90s`, `5m`, `1h30m`, `2d`.

And the moments that they are counted from, as an API server writes them: RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

PART: Final = re.compile(r"(\d+)([smhd])")
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST: Final = 3650 * SECONDS["d"]
"""More than clocks and API servers can count back is a slip."""
RFC_3339: Final = "%Y-%m-%dT%H:%M:%SZ"


def seconds(text: str) -> int:
    """The seconds of *text*. Raises ValueError that says how to write it."""
    parts = PART.findall(text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        message = f"{text!r} is no span of time: write it like 90s, 5m, 1h30m or 2d"
        raise ValueError(message)
    span = sum(int(number) * SECONDS[unit] for number, unit in parts)
    if span > LONGEST:
        message = f"{text!r} is too long: write at most {LONGEST // SECONDS['d']}d"
        raise ValueError(message)
    return span


def rounded(span: float) -> str:
    """*span* seconds in the largest unit of which it has two or more: `90s`, `5m`, `3h`, `2d`."""
    unit = next((each for each in reversed(SECONDS) if span >= 2 * SECONDS[each]), "s")
    return f"{int(span // SECONDS[unit])}{unit}"


def now() -> str:
    """The present moment."""
    return datetime.now(UTC).strftime(RFC_3339)


def before(moment: str, span: timedelta) -> str:
    """*span* before *moment*."""
    return (datetime.strptime(moment, RFC_3339) - span).strftime(RFC_3339)
