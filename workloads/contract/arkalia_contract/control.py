"""What a module can be asked to do to itself, on `POST /control/actions`.

The operator admits an action and sends it; the module carries it out and answers with the
outcome. Which verbs a module accepts stands in its `module.yaml`.

A pod keeps its actions in memory. Whoever wants an action sends the same order to every pod, again
and again until its end: an order that a pod knows changes nothing, and a new pod learns of it so.
That is why an order says when it ends (`until`), and not how long it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Verb:
    """An action on a running module."""

    name: str
    meaning: str
    reversible: bool
    """Whether it ends with its lifetime and leaves no trace: only such may run by themselves."""


SHED_LOAD: Final = Verb(
    "ShedLoad", "Refuse a share of the requests of low priority with 503.", reversible=True
)
OPEN_BREAKER: Final = Verb(
    "OpenBreaker", "Send nothing to one upstream until the action ends.", reversible=True
)
QUARANTINE_QUEUE: Final = Verb(
    "QuarantineQueue", "Take no work from one queue; keep what is in it.", reversible=True
)
ROTATE_CREDENTIAL: Final = Verb(
    "RotateCredential", "Replace a credential; the old one ends.", reversible=False
)

ALL: Final = (SHED_LOAD, OPEN_BREAKER, QUARANTINE_QUEUE, ROTATE_CREDENTIAL)


LONGEST_SECONDS: Final = 24 * 3600
"""An order ends within a day: what is needed for longer is a change of the system."""


Phase = Literal["running", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class Order:
    """The body of `POST /control/actions`."""

    id: str
    """Names the order: sent again with the same content, it changes nothing."""
    verb: str
    """A verb that the module's description lists."""
    arguments: Mapping[str, Any]
    """In the form that the description gives."""
    until: datetime
    """When the action ends; RFC 3339 with an offset."""
    reason: str
    """Why, for the log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer: what has become of an order."""

    id: str
    verb: str
    phase: Phase
    until: datetime
    message: str
    """Why it failed; empty otherwise."""
