"""Numbers with their units, as they can be compared: 1.5 GiB and 1536 MiB are one quantity."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from arkalia_sandozia import lexicon


class Kind(StrEnum):
    """What is measured: only quantities of one kind are compared."""

    COUNT = "count"
    SHARE = "share"
    BYTES = "bytes"
    SECONDS = "seconds"
    CORES = "cores"
    RATE = "rate"
    DEGREES = "degrees"
    DATE = "date"
    CLOCK = "clock"


class Bound(StrEnum):
    """How exactly a number is meant."""

    EXACT = "exact"
    ABOUT = "about"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a text holds."""

    start: int
    end: int
    text: str
    value: float
    """In the base unit of its kind."""
    kind: Kind
    step: float
    """Half of what its last digit stands for: how far rounding may have moved it."""
    bound: Bound = Bound.EXACT
    other: float | None = None
    """The value if a unit of bytes is meant the other way: MB for MiB."""


_TIMES: Final = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_TIME_WORDS: Final = {
    "nanosecond": 1e-9,
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "second": 1.0,
    "sec": 1.0,
    "seconde": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "heure": 3600.0,
    "day": 86400.0,
    "jour": 86400.0,
    "week": 604800.0,
    "semaine": 604800.0,
}
_BYTE_PREFIXES: Final = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_BYTE_WORDS: Final = {"kilo": 1, "mega": 2, "giga": 3, "tera": 4, "kibi": 1, "mebi": 2, "gibi": 3}
_BYTES: Final = re.compile(r"(?:([kmgtp])(i?)b?|b)", re.IGNORECASE)
_BYTES_LONG: Final = re.compile(r"(kilo|mega|giga|tera|kibi|mebi|gibi)?(?:byte|octet)s?")
_DECIMAL: Final = 1000.0
_BINARY: Final = 1024.0

Unit = tuple[Kind, float, float | None]
"""Kind, factor to its base unit, and the factor if it is meant the other way."""

_UNITS: Final[dict[str, Unit]] = {
    **{name: (Kind.SECONDS, factor, None) for name, factor in _TIMES.items()},
    **{name: (Kind.SECONDS, factor, None) for name, factor in _TIME_WORDS.items()},
    **{f"{name}s": (Kind.SECONDS, factor, None) for name, factor in _TIME_WORDS.items()},
    **dict.fromkeys(("%", "percent", "pct", "pourcent"), (Kind.SHARE, 0.01, None)),
    **dict.fromkeys(("core", "cores", "vcpu", "vcpus", "cœurs"), (Kind.CORES, 1.0, None)),
    **dict.fromkeys(("m", "mcpu", "millicores", "millicore"), (Kind.CORES, 0.001, None)),
    **dict.fromkeys(("rps", "qps", "req/s", "requests/s", "/s"), (Kind.RATE, 1.0, None)),
    "ratio": (Kind.SHARE, 1.0, None),
    "‰": (Kind.SHARE, 0.001, None),
    "d": (Kind.SECONDS, 86400.0, None),
    "°c": (Kind.DEGREES, 1.0, None),
    "thousand": (Kind.COUNT, 1e3, None),
    "k": (Kind.COUNT, 1e3, None),
    "million": (Kind.COUNT, 1e6, None),
    "millions": (Kind.COUNT, 1e6, None),
    "billion": (Kind.COUNT, 1e9, None),
}
_NUMBER: Final = re.compile(r"(\d[\d,.]{0,30})([^\W\d]{0,12}%?)")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LONGEST: Final = 44
"""Characters of a number with its unit; what is longer is no number."""


def unit(name: str) -> Unit | None:
    """What *name* measures; None if it is no unit."""
    known = _UNITS.get(name.lower())
    return known or _bytes(name)


def _bytes(name: str) -> Unit | None:
    short = _BYTES.fullmatch(name)
    if short and (short.group(1) is None or len(name) > 1):
        prefix, binary = short.group(1), bool(short.group(2))
        power = _BYTE_PREFIXES[prefix.lower()] if prefix else 0
        return _powers(power, binary=binary)
    long = _BYTES_LONG.fullmatch(name.lower())
    if long is None:
        return None
    word = long.group(1) or ""
    return _powers(_BYTE_WORDS.get(word, 0), binary=word.endswith("bi"))


def _powers(power: int, *, binary: bool) -> Unit:
    mine, theirs = (_BINARY, _DECIMAL) if binary else (_DECIMAL, _BINARY)
    return Kind.BYTES, mine**power, theirs**power if power else None


def split(token: str) -> tuple[str, str] | None:
    """The digits and the unit that *token* holds; None if it is no number."""
    if not token[:1].isdigit() or len(token) > _LONGEST:
        return None
    found = _NUMBER.fullmatch(token)
    if found is None or found.group(1).count(".") > 1:
        return None
    return found.group(1).rstrip(".,"), found.group(2)


def value(digits: str) -> tuple[float, int]:
    """The number that *digits* write, and how many of them are decimals."""
    if _THOUSANDS.fullmatch(digits):
        plain = digits.replace(",", "")
    else:
        whole, comma, rest = digits.partition(",")
        plain = f"{whole}.{rest}" if comma and "." not in digits else digits.replace(",", "")
    plain = plain.replace(",", "")
    return float(plain), len(plain.partition(".")[2])


def quantity(span: tuple[int, int], text: str, digits: str, measured: Unit | None) -> Quantity:
    """The quantity of *digits* in the unit *measured*."""
    number, decimals = value(digits)
    kind, factor, other = measured or (Kind.COUNT, 1.0, None)
    return Quantity(
        *span,
        text,
        number * factor,
        kind,
        0.5 * 10.0**-decimals * factor,
        other=None if other is None else number * other,
    )


def bound_of(words: list[str]) -> Bound:
    """How a number is meant after *words*, the last ones before it."""
    for names, bound in (
        (lexicon.ABOUT, Bound.ABOUT),
        (lexicon.ABOVE, Bound.ABOVE),
        (lexicon.BELOW, Bound.BELOW),
    ):
        if not names.isdisjoint(words):
            return bound
    return Bound.EXACT


ABOUT_SHARE: Final = 0.1
"""How far a number may be off, as a share, that is said to be about right."""


def agrees(claim: Quantity, known: Quantity) -> bool:
    """Whether *claim* holds if *known*, with which it is comparable, does."""
    if claim.bound is Bound.ABOVE and known.value >= claim.value:
        return True
    if claim.bound is Bound.BELOW and known.value <= claim.value:
        return True
    share = ABOUT_SHARE if claim.bound is Bound.ABOUT else 1e-9
    room = max(claim.step, known.step, share * abs(known.value)) * (1 + 1e-9)
    said = [each for each in (claim.value, claim.other) if each is not None]
    measured = [each for each in (known.value, known.other) if each is not None]
    return any(abs(mine - theirs) <= room for mine in said for theirs in measured)


def comparable(claim: Quantity, known: Quantity) -> bool:
    """Whether both measure the same. A number without a unit may be a share or a rate."""
    kinds = (claim.kind, known.kind)
    if claim.kind is known.kind or set(kinds) == {Kind.COUNT, Kind.RATE}:
        return True
    return kinds == (Kind.SHARE, Kind.COUNT) and 0 < known.value < 1
