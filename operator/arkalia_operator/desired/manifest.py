"""The form of everything rendered: plain JSON in the visual shape of its YAML, made canonical.

Canonical means: written as the API server stores it, so that the digest of a manifest equals the
digest of what the operator owns in the live object. Nothing empty, quantities normalised.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

Manifest = dict[str, Any]

BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
DECIMAL: Final = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip


def present(**fields: Any) -> Manifest:
    """A mapping of the *fields* that say something: not None, and not an empty collection."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def canonical_quantity(text: str) -> str:
    """The form in which the API server stores a quantity: `0.5` → `500m`, `1024Mi` → `1Gi`.

    Source: `Quantity.CanonicalizeBytes` in k8s.io/apimachinery. Raises ValueError if *text* is no
    quantity.
    """
    number, suffix = _split(text)
    if suffix in BINARY:
        value = number * 1024 ** BINARY[suffix]
        if abs(value) >= 1024 and value == value.to_integral_value():  # noqa: PLR2004 - as the source
            return _largest(value, {"": 0} | BINARY, Decimal(1024))
        return _decimal(value)
    return _decimal(number.scaleb(DECIMAL[suffix]))


def canonical_resources(resources: Manifest) -> Manifest:
    """`requests` and `limits` of a container with every quantity canonical."""
    return {
        name: {key: canonical_quantity(str(value)) for key, value in amounts.items()}
        if name in {"requests", "limits"}
        else amounts
        for name, amounts in resources.items()
    }


def _split(text: str) -> tuple[Decimal, str]:
    for suffix in (*BINARY, *DECIMAL):
        if suffix and text.endswith(suffix):
            return _number(text, text[: -len(suffix)]), suffix
    return _number(text, text), ""


def _number(text: str, digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        message = f"{text!r} is not a Kubernetes quantity"
        raise ValueError(message) from None


def _decimal(value: Decimal) -> str:
    steps = {suffix: exponent // 3 for suffix, exponent in DECIMAL.items()}
    return _largest(value, steps, Decimal(1000))


def _largest(value: Decimal, steps: dict[str, int], base: Decimal) -> str:
    if value == 0:
        return "0"
    for suffix, step in sorted(steps.items(), key=lambda each: -each[1]):
        scaled = value / base**step
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    message = f"{value} is finer than a billionth, which no quantity can be"
    raise ValueError(message)
