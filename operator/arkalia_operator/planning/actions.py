"""What a plan may say: apply, delete, tell. Frozen data; carried out by `cluster.execute`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from arkalia_operator.planning.observed import ObjectKey


@dataclass(frozen=True, slots=True)
class Apply:
    """Send *manifest* by server-side apply."""

    key: ObjectKey
    manifest: dict[str, Any]
    digest: bytes
    """Digest of the manifest, as `planning.ownership.fingerprint` gives it."""
    creates: bool
    """Whether no object of the system is there yet: then a foreign one of that name is not taken."""
    why: str
    """`missing`, `changed` or `drifted`."""
    keeps: str = ""
    """Digest of the pod template that the live object keeps: *manifest* has none then."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object, if it still is the one with this uid."""

    key: ObjectKey
    uid: str
    resource_version: str = ""
    """Then only if nothing has happened to it since."""
    module: str = field(default="", compare=False)
    """The module that it belongs to, for those who tell of it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A Kubernetes Event about the system, on a transition only."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An action that the API server refused."""

    key: ObjectKey
    message: str
    permanent: bool
    """Whether the same request would be refused again (invalid, forbidden, foreign owner)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to do for one system now, in order."""

    applies: tuple[Apply, ...] = ()
    deletes: tuple[Delete, ...] = ()
    repairs: bool = True
    """Whether what others have changed is changed back, or only told."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.applies and not self.deletes
