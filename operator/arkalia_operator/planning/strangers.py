"""What stands in the place of an object of ours and is not: left alone or waited for, and told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from arkalia_operator.desired.kinds import SECRET
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.observed import ObjectKey

LEFT_ALONE: Final = (
    "exists already and does not belong to this system, so it is left alone: delete or rename it, "
    "or give the system another name"
)
"""What is said of it, after its kind and name."""


LEAVING: Final = "is of a deleted system of this name, and goes with it"
"""What is said of an object that the garbage collector has not removed yet."""


class Stranger(Protocol):
    """A Secret that stands in the place of the system's."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def is_leaving(self) -> bool:
        """Whether it goes by itself."""


def secrets_in_the_way(namespace: str, strangers: Iterable[Stranger]) -> tuple[Failure, ...]:
    """A failure for each of these Secrets; what goes by itself is waited for."""
    return tuple(
        Failure(
            ObjectKey(SECRET.name, namespace, each.name),
            LEAVING if each.is_leaving else LEFT_ALONE,
            permanent=not each.is_leaving,
        )
        for each in strangers
    )
