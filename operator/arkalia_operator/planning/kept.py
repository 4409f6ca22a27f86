"""Which Secrets of those that are made once are to be made now: one that is whole is left as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from arkalia_operator.desired.kept import WantedKept
from arkalia_operator.desired.kinds import SECRET
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.lineage import Keeping, Retained
from arkalia_operator.planning.strangers import secrets_in_the_way


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A Secret that is there, without what is secret in it."""

    name: str
    resource_version: str
    owner_uid: str
    """Uid of the ArkaliaSystem that owns it; empty if none does."""
    lineage: str
    is_ours: bool
    """Whether it is labelled as an object of a system of this name."""
    keys: frozenset[str]
    """Those of its keys that hold something."""
    is_leaving: bool = False
    """Whether it is of a deleted system of the same name."""


@dataclass(frozen=True, slots=True)
class MakeKept:
    """Make a Secret, or what it lacks."""

    wanted: WantedKept
    secret: KeptSecret | None
    """What is replaced, and only that."""
    what: ClassVar[str] = "key"


def steps(
    wanted: Sequence[WantedKept], found: Mapping[str, KeptSecret], keeping: Keeping
) -> tuple[MakeKept, ...]:
    """What to write now."""
    return tuple(
        MakeKept(each, found.get(each.name))
        for each in wanted
        if _is_due(each, found.get(each.name), keeping)
    )


def pending(wanted: Sequence[WantedKept], found: Mapping[str, KeptSecret]) -> tuple[str, ...]:
    """Names of the Secrets that do not hold what they must."""
    return tuple(each.name for each in wanted if not _is_whole(each, found.get(each.name)))


def taken(namespace: str, found: Mapping[str, KeptSecret]) -> tuple[Failure, ...]:
    """A failure for each Secret that somebody else has in the place of the system's."""
    strangers = (each for each in found.values() if not each.is_ours or each.is_leaving)
    return secrets_in_the_way(namespace, strangers)


def retained(found: Mapping[str, KeptSecret]) -> tuple[Retained, ...]:
    """What of it outlives its system."""
    return tuple(
        Retained(SECRET.name, each.name, each.owner_uid, each.lineage)
        for each in found.values()
        if each.is_ours
    )


def _is_due(wanted: WantedKept, found: KeptSecret | None, keeping: Keeping) -> bool:
    if found is None:
        return True
    if not found.is_ours or found.is_leaving:
        return False
    as_wanted = (bool(found.owner_uid), found.lineage) == (keeping.owned, keeping.lineage)
    return not (as_wanted and _is_whole(wanted, found))


def _is_whole(wanted: WantedKept, found: KeptSecret | None) -> bool:
    return found is not None and found.is_ours and wanted.paths.keys() <= found.keys
