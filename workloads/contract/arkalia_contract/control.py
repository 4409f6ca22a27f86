"""What a module can be asked to do to itself, on `POST /control/actions`.

The operator admits an action and sends it; the module carries it out and answers with the
outcome. Which verbs a module accepts stands in its `module.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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
