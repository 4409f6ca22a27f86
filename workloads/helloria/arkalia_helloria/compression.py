"""PURE. Which answers are compressed on their way to the client, and how.

Only those that are there as a whole: a stream goes on as it comes.
"""

import gzip
from typing import Final

LEAST_BYTES: Final = 1024
"""Less fits into one packet anyway."""

MOST_BYTES: Final = 1024 * 1024
"""More would keep all other requests waiting: about 10 ms."""

LEVEL: Final = 4
"""Nearly as small as the default, in half the time."""

TYPES: Final = (b"application/json", b"application/problem+json", b"text/")
NEVER: Final = b"text/event-stream"

Pairs = list[tuple[bytes, bytes]]


def compressed(asked: Pairs, headers: Pairs, body: bytes) -> tuple[Pairs, bytes]:
    """*headers* and *body* of an answer as who *asked* gets them: compressed, where that is good."""
    if not LEAST_BYTES <= len(body) <= MOST_BYTES:
        return headers, body
    told = dict(headers)
    if not _may_be(told):
        return headers, body
    varying = [*headers, (b"vary", b"Accept-Encoding")]
    if not _accepts(asked):
        return varying, body
    smaller = gzip.compress(body, LEVEL, mtime=0)
    kept = [_weakened(each) for each in varying if each[0] != b"content-length"]
    length = (b"content-length", b"%d" % len(smaller))
    return [*kept, (b"content-encoding", b"gzip"), length], smaller


def _may_be(told: dict[bytes, bytes]) -> bool:
    kind = told.get(b"content-type", b"").lower()
    return (
        kind.startswith(TYPES)
        and not kind.startswith(NEVER)
        and b"content-encoding" not in told
        and b"content-range" not in told
        and b"no-transform" not in told.get(b"cache-control", b"").lower()
    )


def _accepts(asked: Pairs) -> bool:
    for name, value in asked:
        if name == b"accept-encoding":
            for each in value.lower().split(b","):
                coding, _, weight = each.partition(b";")
                if coding.strip() == b"gzip":
                    return weight.replace(b" ", b"") not in (
                        b"q=0",
                        b"q=0.0",
                        b"q=0.00",
                        b"q=0.000",
                    )
    return False


def _weakened(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A strong ETag names bytes, and these are others."""
    name, value = header
    if name == b"etag" and not value.startswith(b"W/"):
        return name, b"W/" + value
    return header
