"""Whether the data that is found belongs together, and to this system.

Volumes and the Secrets that make them readable carry the uid of the system that began them. A new
system of that name takes over what belongs together; anything else it refuses, and touches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.strangers import LEFT_ALONE


@dataclass(frozen=True, slots=True)
class Retained:
    """An object that outlives its system, or the Secret without which it cannot be read."""

    kind: str
    name: str
    owner_uid: str
    """Uid of the ArkaliaSystem that owns it; empty if none does."""
    lineage: str
    needs_secret: str = ""
    """Name of the Secret without which nothing can read it."""
    is_ours: bool = True
    """Whether it is labelled as an object of a system of this name."""

    def __str__(self) -> str:
        """Kind and name, as messages for people quote them."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a Secret of a system shall be kept."""

    owned: bool
    """Whether it shall end with the system."""
    lineage: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which data a system has."""

    id: str
    problem: Finding | None = None
    """Why it cannot be used."""


def lineage(uid: str, found: Sequence[Retained]) -> Lineage:
    """The lineage of the system *uid*, of whose name *found* is there."""
    problem = _foreign(found) or _leaving(uid, found) or _without_secret(found) or _mixed(found)
    marks = {each.lineage for each in found if each.lineage}
    return Lineage(marks.pop() if len(marks) == 1 else uid, problem)


def _foreign(found: Sequence[Retained]) -> Finding | None:
    foreign = [str(each) for each in found if not each.is_ours]
    if not foreign:
        return None
    return Finding(Reason.LINEAGE_MISMATCH, f"{foreign[0]} {LEFT_ALONE}", doomed=True)


def _leaving(uid: str, found: Sequence[Retained]) -> Finding | None:
    """Data of a system that goes with it must not be taken for the new one's."""
    leaving = [str(each) for each in found if each.owner_uid not in ("", uid)]
    if not leaving:
        return None
    message = f"{leaving[0]} is being deleted with the system of this name that was there before"
    return Finding(Reason.PROVISIONING, message, doomed=False)


def _without_secret(found: Sequence[Retained]) -> Finding | None:
    secrets = {each.name for each in found if each.kind == "Secret"}
    for each in found:
        if each.needs_secret and each.needs_secret not in secrets:
            message = (
                f"{each} holds data, and Secret {each.needs_secret} with its credentials is not "
                f"there: restore the Secret from a backup, or delete {each} to begin anew, by "
                "which its data is lost"
            )
            return Finding(Reason.LINEAGE_MISMATCH, message, doomed=True)
    return None


def _mixed(found: Sequence[Retained]) -> Finding | None:
    marked = [each for each in found if each.lineage]
    marks = sorted({each.lineage for each in marked})
    if len(marks) <= 1:
        return None
    groups = "; ".join(
        f"{', '.join(first_of(each for each in marked if each.lineage == mark))} of lineage {mark}"
        for mark in marks
    )
    message = (
        f"what is there does not belong together: {groups}. Restore what belongs together, or "
        "delete what is not wanted any more"
    )
    return Finding(Reason.LINEAGE_MISMATCH, message, doomed=True)
