"""Mutations: one thing of an answer is changed, so that the answer no longer holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Final

from arkalia_answers.worlds import (
    ATTRIBUTES,
    COUNTS,
    NUMBERS,
    STATES,
    TEXTS,
    Known,
    World,
    changed,
    drawn,
)

Mutation = Callable[[Random, World, Known], Known | None]
"""What is said instead; None if this thing cannot be changed so."""

FACTORS: Final = (0.25, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0, 3.0)


def number(random: Random, world: World, each: Known) -> Known | None:
    """Another number."""
    if each.attribute in COUNTS:
        return changed(each, float(each.value) + random.choice((1, 2, 3)))
    if each.attribute not in NUMBERS:
        return None
    value = float(each.value) * random.choice(FACTORS)
    if each.attribute in {"cpu", "errors"} and value >= 1:
        value = float(each.value) / 2
    return changed(each, _rounded(each, value))


def _rounded(each: Known, value: float) -> float:
    digits = {"cpu": 2, "errors": 3, "latency": 3}.get(each.attribute, 0)
    return round(value, digits)


def unit(random: Random, world: World, each: Known) -> Known | None:
    """The same digits in another unit."""
    factors = {"memory": 1024.0, "latency": 1000.0}
    if each.attribute not in factors:
        return None
    return changed(each, float(each.value) * factors[each.attribute])


def elsewhere(random: Random, world: World, each: Known) -> Known | None:
    """What is true of another module."""
    if each.attribute not in (*NUMBERS, *COUNTS, *TEXTS, "since"):
        return None
    others = [
        other.value
        for other in world.known
        if other.attribute == each.attribute and other.value != each.value
    ]
    return changed(each, random.choice(others)) if others else None


def negation(random: Random, world: World, each: Known) -> Known | None:
    """The contrary."""
    return changed(each, not each.value) if each.attribute in STATES else None


def day(random: Random, world: World, each: Known) -> Known | None:
    """Another date."""
    if each.attribute != "since":
        return None
    shift = timedelta(days=random.choice((-400, -31, -7, -1, 1, 7, 31, 365)))
    return changed(each, (date.fromisoformat(str(each.value)) + shift).isoformat())


def stranger(random: Random, world: World, each: Known) -> Known | None:
    """A module that there is not."""
    return Known(random.choice(world.names.strangers), each.attribute, each.value)


def misspelt(random: Random, world: World, each: Known) -> Known | None:
    """A name with two letters turned around."""
    prefix, _, name = each.subject.partition("-")
    at = random.randrange(1, len(name) - 2)
    if name[at] == name[at + 1]:
        return None
    turned = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return Known(f"{prefix}-{turned}", each.attribute, each.value)


def text(random: Random, world: World, each: Known) -> Known | None:
    """Another node or version that there is not."""
    if each.attribute == "version":
        major, minor, patch = str(each.value).split(".")
        return changed(each, f"{major}.{int(minor) + random.choice((1, 2))}.{patch}")
    if each.attribute == "node":
        return changed(each, f"{str(each.value)[:-1]}{random.choice('568')}")
    return None


def invented(random: Random, world: World, each: Known) -> Known | None:
    """Something of the module of which nothing is known."""
    known = {one.attribute for one in world.of(each.subject)}
    able = sorted(set(ATTRIBUTES) - known - set(STATES))
    if not able:
        return None
    attribute = random.choice(able)
    return Known(each.subject, attribute, drawn(random, attribute, world.names))


ALL: Final[dict[str, Mutation]] = {
    "number": number,
    "unit": unit,
    "elsewhere": elsewhere,
    "negation": negation,
    "date": day,
    "stranger": stranger,
    "misspelt": misspelt,
    "text": text,
    "invented": invented,
}
