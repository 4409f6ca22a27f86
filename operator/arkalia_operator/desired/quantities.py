"""Kubernetes quantities in one form for each value: the one that the API server leaves as it is.

The API server normalises most quantities when it stores them (`0.5` → `500m`, `1024Mi` → `1Gi`),
but keeps some as they were written (`1.500`). What is sent in the form below comes back unchanged,
so a digest of what was sent equals a digest of what is stored. The rules are those of
k8s.io/apimachinery/pkg/api/resource.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Final

BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
"""Suffix → power of 1024."""
DECIMAL: Final = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
"""Suffix → power of 10."""
FINEST: Final = 10**9
"""Parts of one that a quantity can tell apart; what is finer is rounded up."""
BINARY_MOST: Final = 2**63 - 1
"""A larger quantity with a binary suffix is cut to this."""
TOO_LARGE: Final = 10**21
"""Has no decimal suffix any more; the API server itself stores 1000E as 1."""

REMEMBERED: Final = 1024
"""Quantities whose form is kept: the same few come again with each reconcile."""

GRAMMAR: Final = re.compile(
    r"(?P<number>[+]?(?=\.?[0-9])[0-9]*\.?[0-9]*)"
    r"(?P<exponent>[eE][+-]?[0-9]{1,3})?"
    rf"(?P<suffix>{'|'.join((*BINARY, *DECIMAL))})"
)


@lru_cache(maxsize=REMEMBERED)
def canonical_quantity(text: str) -> str:
    """The stable form of a quantity: `0.5` → `500m`, `1024Mi` → `1Gi`, `1e3` → `1k`.

    Raises ValueError if *text* is no quantity, negative, or more than Kubernetes can store.
    """
    found = _parts(text)
    if found["suffix"] in BINARY:
        return _binary(min(_value(found), Fraction(BINARY_MOST)))
    value = _value(found)
    if value >= TOO_LARGE:
        message = f"{text!r} is too much: a quantity must be smaller than 1000E"
        raise ValueError(message)
    return _decimal(value)


def amount(text: str) -> Fraction:
    """What the quantity *text* amounts to, to compare it. Raises ValueError if it is none."""
    return _value(_parts(text))


def _parts(text: str) -> re.Match[str]:
    found = GRAMMAR.fullmatch(text)
    if found is None or (found["exponent"] and found["suffix"]):
        message = f"{text!r} is not a Kubernetes quantity: write for example 250m, 2 or 512Mi"
        raise ValueError(message)
    return found


def _value(found: re.Match[str]) -> Fraction:
    number = Fraction(found["number"] + (found["exponent"] or ""))
    suffix = found["suffix"]
    if suffix in BINARY:
        return number * Fraction(1024 ** BINARY[suffix])
    return number * Fraction(f"1e{DECIMAL[suffix]}")


def _binary(value: Fraction) -> str:
    """*value* with a binary suffix; with a decimal one if it is no multiple of 1024."""
    for suffix, power in reversed(BINARY.items()):
        if value and value % 1024**power == 0:
            return f"{value // 1024**power}{suffix}"
    return _decimal(value)


def _decimal(value: Fraction) -> str:
    """*value* with the largest decimal suffix that leaves a whole number."""
    parts = ceil(value * FINEST)
    for suffix, power in reversed(DECIMAL.items()):
        if parts and parts % 10 ** (power + 9) == 0:
            return f"{parts // 10 ** (power + 9)}{suffix}"
    return "0"
