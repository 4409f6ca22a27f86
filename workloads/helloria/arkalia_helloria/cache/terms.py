"""PURE. What a request and an answer say about keeping it (RFC 9111, RFC 5861).

Only an answer that says how long it may be kept is kept: nothing is guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from arkalia_helloria.exchange import NEVER_FORWARDED, OWN_PREFIX

Pairs = list[tuple[bytes, bytes]]

DIRECTIVE: Final = re.compile(rb'([a-z0-9-]+)(?:[ \t]*=[ \t]*("[^"]*"|[^\s,";]*))?')
DIGITS: Final = re.compile(rb'"?(\d{1,10})"?')

KEPT_STATUSES: Final = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.NON_AUTHORITATIVE_INFORMATION,
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.PERMANENT_REDIRECT,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
    }
)

NEVER_KEPT: Final = frozenset({b"set-cookie", b"content-range", b"trailer"})
"""Answers with these are for one client, or a part of another answer."""

ALWAYS_ASKED: Final = frozenset(
    {b"range", b"if-range", b"if-match", b"if-unmodified-since", b"cookie", b"transfer-encoding"}
)
"""Requests with these go to the module."""

OF_A_CALLER: Final = frozenset({b"authorization", b"x-api-key", b"cookie"})

MOST_SECONDS: Final = 86_400
"""So long an answer is kept at most, whatever it says."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an answer may be kept."""

    fresh_for: int
    """Seconds in which it is given again without a question."""
    on_error_for: int
    """Seconds after those in which it is better than an error."""
    public: bool
    """Whether it is for everybody, and not only for who got it."""
    vary: tuple[bytes, ...]
    """Headers of the request that it depends on."""
    tag: bytes
    """Its ETag, by which the module can say that it has not changed; empty if it has none."""


def terms(status: int, headers: Pairs) -> Terms | None:
    """How the answer may be kept; None if it may not be."""
    told = directives(headers)
    if not told or status not in KEPT_STATUSES or b"no-store" in told or b"private" in told:
        return None
    named = {name: value for name, value in headers if name != b"vary"}
    vary = _vary(headers)
    if vary is None or named.keys() & NEVER_KEPT or _is_stream(named):
        return None
    tag, fresh = named.get(b"etag", b""), _fresh_for(told)
    if fresh is None or not (fresh or tag):
        return None
    must_ask = {b"must-revalidate", b"proxy-revalidate", b"s-maxage", b"no-cache"} & told.keys()
    on_error = 0 if must_ask else _seconds(told.get(b"stale-if-error", b"0"))
    age = _seconds(named.get(b"age", b"0"))
    return Terms(max(0, fresh - age), on_error, b"public" in told and _is_alike(vary), vary, tag)


def directives(headers: Pairs) -> dict[bytes, bytes]:
    """What `Cache-Control` says; of what is said twice, the first."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name == b"cache-control":
            for word, argument in DIRECTIVE.findall(value.lower()):
                found.setdefault(word, argument)
    return found


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request says about answers that are kept."""

    always_asked: bool
    """It goes to the module, and its answer is nobody else's."""
    oldest: int
    """Age in seconds up to which a kept answer will do; below 0: none will."""
    tag: bytes
    """`If-None-Match`: the answer is known already if it has one of these."""


NO_WISHES: Final = Wishes(always_asked=False, oldest=MOST_SECONDS, tag=b"")


def wishes(headers: Pairs) -> Wishes:
    """What the request with *headers* wishes."""
    named = dict(headers)
    if not named.keys() & WISHING:
        return NO_WISHES
    told, tag = directives(headers), named.get(b"if-none-match", b"")
    asked = bool(named.keys() & ALWAYS_ASKED) or b"no-store" in told
    asked = asked or named.get(b"content-length", b"0") != b"0"
    asked = asked or (b"if-modified-since" in named and not tag)
    oldest = MOST_SECONDS
    if b"max-age" in told:
        oldest = _seconds(told[b"max-age"])
    if b"no-cache" in told or (not told and b"pragma" in named):
        oldest = -1
    return Wishes(asked, oldest, tag)


WISHING: Final = ALWAYS_ASKED | {
    b"cache-control",
    b"pragma",
    b"if-none-match",
    b"if-modified-since",
    b"content-length",
}


def names(tags: bytes, tag: bytes) -> bool:
    """Whether *tag* is among the *tags* of an `If-None-Match`, compared weakly (RFC 9110, 13.1.2)."""
    if not tag:
        return False
    return tags.strip() == b"*" or any(
        _strong(each.strip()) == _strong(tag) for each in tags.split(b",")
    )


def varied(vary: Iterable[bytes], headers: Pairs) -> tuple[tuple[bytes, bytes], ...]:
    """What the request with *headers* says where an answer depends on it."""
    return tuple((name, b",".join(value for key, value in headers if key == name)) for name in vary)


def _strong(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")


def _fresh_for(told: Mapping[bytes, bytes]) -> int | None:
    """Seconds; None if it does not say."""
    if b"no-cache" in told:
        return 0
    for name in (b"s-maxage", b"max-age"):
        if name in told:
            return _seconds(told[name])
    return None


def _seconds(text: bytes) -> int:
    """The number; what is none counts as nothing."""
    found = DIGITS.fullmatch(text)
    return min(int(found[1]), MOST_SECONDS) if found else 0


def _vary(headers: Pairs) -> tuple[bytes, ...] | None:
    """The names, in order; None if the answer depends on what is another each time."""
    named = {
        each.strip().lower()
        for name, value in headers
        if name == b"vary"
        for each in value.split(b",")
    } - {b""}
    passing = NEVER_FORWARDED - OF_A_CALLER
    if any(each == b"*" or (each in passing and not each.startswith(OWN_PREFIX)) for each in named):
        return None
    return tuple(sorted(named))


def _is_alike(vary: Iterable[bytes]) -> bool:
    """Whether who asks makes no difference."""
    return not any(each in OF_A_CALLER or each.startswith(OWN_PREFIX) for each in vary)


def _is_stream(named: Mapping[bytes, bytes]) -> bool:
    return named.get(b"content-type", b"").lower().startswith(b"text/event-stream")
