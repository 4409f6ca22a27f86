"""What stands in the place of an object of ours and is not: left alone, and told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from arkalia_operator.desired.kinds import SECRET
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.observed import ObjectKey

LEFT_ALONE: Final = (
    "exists already and does not belong to this system, so it is left alone: delete or rename it, "
    "or give the system another name"
)
"""What is said of it, after its kind and name."""


def secrets_left_alone(namespace: str, names: Iterable[str]) -> tuple[Failure, ...]:
    """A failure for each of these Secrets, which are somebody else's."""
    return tuple(
        Failure(ObjectKey(SECRET.name, namespace, each), LEFT_ALONE, permanent=True)
        for each in names
    )
