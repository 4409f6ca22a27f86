"""What is said about an answer: findings, and what was not looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    LOW = "low"
    """Worth knowing; nothing speaks against the answer."""
    MEDIUM = "medium"
    """It may be wrong."""
    HIGH = "high"
    """It is wrong, or must not be shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be."""

    check: str
    """`<check>/<kind>`: `grounding/number`, `policy/secret`."""
    severity: Severity
    start: int
    end: int
    """Where in the answer: characters, the end not included."""
    wrong: str
    """What is wrong. It never repeats what must not be shown."""
    evidence: str = ""
    """What is known instead, and from where."""
