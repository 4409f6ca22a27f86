"""Worlds: what is true of some modules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

Value = float | str | bool
MIB: Final = 1024.0**2
DAY_ONE: Final = date(2025, 1, 1)
DAYS: Final = 700


@dataclass(frozen=True)
class Known:
    """One thing that is true of one module."""

    subject: str
    attribute: str
    value: Value


@dataclass(frozen=True)
class Names:
    """What the things of a world may be called."""

    prefix: str
    modules: tuple[str, ...]
    nodes: tuple[str, ...]
    strangers: tuple[str, ...]
    """Names that are in no world."""


FIT: Final = Names(
    "luna",
    ("helloria", "zeroia", "reflexia", "sandozia", "nyxalia", "taskia", "globalstate"),
    ("worker-1", "worker-2", "worker-3", "worker-4", "edge-a"),
    ("luna-auroria", "luna-mnemosia", "luna-vaultia", "luna-chronia"),
)
SECOND: Final = Names(
    "prod",
    ("ledger", "billing", "checkout", "catalog", "mailer", "search", "inventory", "payments"),
    ("ip-10-0-3-17", "ip-10-0-4-90", "gpu-box-7", "rack12-n3", "rack12-n4"),
    ("prod-warehouse", "prod-reviews", "prod-loyalty", "prod-geocoder"),
)

THIRD: Final = Names(
    "acme",
    ("parser", "router", "thumbnailer", "notifier", "accounts", "reports", "gateway", "recorder"),
    ("node-alpha", "node-beta", "node-gamma", "c3po-04", "c3po-11"),
    ("acme-translator", "acme-planner", "acme-crawler", "acme-archive"),
)

NUMBERS: Final = ("cpu", "memory", "latency", "errors", "requests")
COUNTS: Final = ("replicas", "restarts", "alerts")
STATES: Final = ("ready", "enabled", "backup")
TEXTS: Final = ("node", "version")
ATTRIBUTES: Final = (*NUMBERS, *COUNTS, *STATES, *TEXTS, "since")


@dataclass(frozen=True)
class World:
    """Everything that is true."""

    names: Names
    known: tuple[Known, ...]

    def of(self, subject: str) -> list[Known]:
        """What is true of *subject*."""
        return [each for each in self.known if each.subject == subject]

    @property
    def subjects(self) -> list[str]:
        """The modules."""
        return sorted({each.subject for each in self.known})


def world(random: Random, names: Names) -> World:
    """A world with two to five modules."""
    modules = random.sample(names.modules, random.randint(2, 5))
    subjects = [f"{names.prefix}-{each}" for each in modules]
    known = [
        Known(subject, attribute, drawn(random, attribute, names))
        for subject in subjects
        for attribute in random.sample(ATTRIBUTES, random.randint(6, len(ATTRIBUTES)))
    ]
    return World(names, tuple(known))


def drawn(random: Random, attribute: str, names: Names) -> Value:
    """A value that *attribute* may have."""
    if attribute in STATES:
        return random.random() < 0.6
    texts = {
        "node": random.choice(names.nodes),
        "version": f"{random.randint(0, 4)}.{random.randint(0, 19)}.{random.randint(0, 9)}",
        "since": (DAY_ONE + timedelta(days=random.randint(0, DAYS))).isoformat(),
    }
    if attribute in texts:
        return texts[attribute]
    numbers = {
        "cpu": random.randint(2, 98) / 100,
        "memory": random.randint(40, 3000) * MIB,
        "latency": random.randint(3, 1900) / 1000,
        "errors": random.randint(1, 120) / 1000,
        "requests": float(random.randint(2, 4000)),
        "replicas": float(random.randint(1, 9)),
        "restarts": float(random.choice((0, 0, 1, 2, 3, 5, 8, 12))),
        "alerts": float(random.choice((0, 0, 0, 1, 2, 4))),
    }
    return numbers[attribute]


def changed(each: Known, value: Value) -> Known:
    """*each* with another value."""
    return replace(each, value=value)
