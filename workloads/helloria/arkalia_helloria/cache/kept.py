"""PURE. An answer that is kept, and how it lies in a store that holds bytes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter

from arkalia_helloria.cache.terms import Pairs, Terms, terms, varied
from arkalia_helloria.upstream.connection import Head

ABOUT_BYTES: Final = 512
"""What an answer takes beside its headers and its body."""

ASKED_AGAIN_SECONDS: Final = 600.0
"""So long an answer with an ETag is kept after its time: the module may say that it still holds."""

OF_THE_BODY: Final = (b"content-", b"etag", b"vary", b"age")
"""What a 304 does not change of an answer: it is about the body that is kept."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What was asked for, as the module sees it."""

    module: str
    target: str
    query: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer."""

    status: int
    headers: Pairs
    body: bytes
    asked_at: float
    """Unix time at which it was asked for: it knows nothing of later changes."""
    fresh_until: float
    on_error_until: float
    varied: tuple[tuple[bytes, bytes], ...]
    """What the request said where the answer depends on it."""
    public: bool
    tag: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return ABOUT_BYTES + len(self.body) + sum(len(k) + len(v) for k, v in self.headers)

    @property
    def useful_until(self) -> float:
        """After this it is good for nothing."""
        again = self.fresh_until + (ASKED_AGAIN_SECONDS if self.tag else 0)
        return max(again, self.on_error_until)

    def age(self, now: float) -> int:
        """Seconds since it was made, as far as the gateway knows."""
        told = next((value for name, value in self.headers if name == b"age"), b"0")
        before = int(told) if told.isdigit() else 0
        return max(0, int(now - self.asked_at)) + before

    def fits(self, asked: Pairs) -> bool:
        """Whether it answers a request with these headers."""
        return all(
            b",".join(value for key, value in asked if key == name) == said
            for name, said in self.varied
        )


def kept(head: Head, body: bytes, agreed: Terms, asked: Pairs, at: float) -> Kept:
    """The answer to a request with the headers *asked*, made at the time *at*."""
    fresh_until = at + agreed.fresh_for
    return Kept(
        head.status,
        head.headers,
        body,
        asked_at=at,
        fresh_until=fresh_until,
        on_error_until=fresh_until + agreed.on_error_for if agreed.on_error_for else 0.0,
        varied=varied(agreed.vary, asked),
        public=agreed.public,
        tag=agreed.tag,
    )


def still_holding(found: Kept, told: Pairs, at: float) -> tuple[Kept, bool]:
    """*found*, of which a 304 with the headers *told* says that it still holds at the time *at*.

    With it comes whether it may be kept on.
    """
    news = {name for name, _ in told if not name.startswith(OF_THE_BODY)}
    headers = [each for each in found.headers if each[0] not in news and each[0] != b"age"]
    headers += [each for each in told if each[0] in news]
    agreed = terms(found.status, headers)
    if agreed is None:
        return replace(found, headers=headers), False
    renewed = kept(Head(found.status, headers), found.body, agreed, [], at)
    return replace(renewed, varied=found.varied), True


# How it lies in a store: what is known of it in one line of JSON, and then the body.


def to_bytes(found: Kept) -> bytes:
    """*found*, for a store."""
    told = {
        "status": found.status,
        "headers": _texts(found.headers),
        "asked_at": found.asked_at,
        "fresh_until": found.fresh_until,
        "on_error_until": found.on_error_until,
        "varied": _texts(found.varied),
        "public": found.public,
        "tag": found.tag.decode("latin-1"),
    }
    return json.dumps(told).encode("ascii") + b"\n" + found.body


def from_bytes(data: bytes) -> Kept:
    """What was stored. Raises ValueError if it is none."""
    told, _, body = data.partition(b"\n")
    given = _FORM.validate_json(told)
    return Kept(
        status=given.status,
        headers=_pairs(given.headers),
        body=body,
        asked_at=given.asked_at,
        fresh_until=given.fresh_until,
        on_error_until=given.on_error_until,
        varied=tuple(_pairs(given.varied)),
        public=given.public,
        tag=given.tag.encode("latin-1"),
    )


@dataclass(frozen=True)
class _Given:
    status: int
    headers: list[tuple[str, str]]
    asked_at: float
    fresh_until: float
    on_error_until: float
    varied: list[tuple[str, str]]
    public: bool
    tag: str


_FORM: Final[TypeAdapter[Any]] = TypeAdapter(_Given)


def _texts(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def _pairs(texts: Iterable[tuple[str, str]]) -> Pairs:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in texts]
