"""The newest body of each of the operator's own resources, read when somebody asks for it.

News comes from kopf's watch, from sweeps and from the answers to our own status writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from arkalia_operator.api.unknown import LAST_APPLIED
from arkalia_operator.cluster.store import Place
from arkalia_operator.cluster.versions import Tombstones, number
from arkalia_operator.runtime.selector import Selector

T = TypeVar("T")
Body = Mapping[str, Any]

EVERYTHING: Final = Selector()
KEPT_METADATA: Final = (
    "name", "namespace", "uid", "generation", "resourceVersion", "deletionTimestamp",
    "creationTimestamp",
)  # fmt: skip
KEPT_ANNOTATIONS: Final = (LAST_APPLIED,)
"""Only there stands what the API server dropped."""


class Version(NamedTuple):
    """Which state of which object is known."""

    number: int
    uid: str


@dataclass(slots=True)
class _Entry(Generic[T]):
    version: Version
    body: Body | None
    """None once it was read: a thousand systems are to be remembered once each."""
    read: T | None = None


class Cache(Generic[T]):
    """Bodies by namespace and name, and what *read* makes of them.

    What *selector* does not select is somebody else's: as if it did not exist.
    """

    def __init__(self, read: Callable[[Body], T], selector: Selector = EVERYTHING) -> None:
        self.selector = selector
        self._read = read
        self._entries: dict[Place, _Entry[T]] = {}
        self._tombstones = Tombstones()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, body: Body) -> bool:
        """The object is *body*. Says whether that is news."""
        metadata = body["metadata"]
        at, version = place(body), number(metadata["resourceVersion"])
        if not self.selector.selects(metadata.get("labels") or {}):
            return self.gone(at, version)
        known = self._entries.get(at)
        if known is not None and version <= known.version.number:
            return False
        if self._tombstones.covers(at, version, metadata["uid"]):
            return False
        self._entries[at] = _Entry(Version(version, metadata["uid"]), _trimmed(body))
        return True

    def gone(self, at: Place, version: int) -> bool:
        """The object ended at *version*. Says whether that is news."""
        known = self._entries.get(at)
        if known is None or known.version.number > version:
            return False
        self._tombstones.bury(at, version)
        del self._entries[at]
        return True

    def drop(self, namespace: str | None) -> tuple[Place, ...]:
        """Forget all objects of *namespace*, or all: their versions are counted anew."""
        found = tuple(self.places(namespace))
        for at in found:
            del self._entries[at]
        self._tombstones.clear()
        return found

    def get(self, at: Place) -> T | None:
        """The object, read; None if there is none."""
        entry = self._entries.get(at)
        if entry is None:
            return None
        if entry.body is not None:
            entry.read, entry.body = self._read(entry.body), None
        return entry.read

    def version(self, at: Place) -> Version | None:
        """Which state is known."""
        entry = self._entries.get(at)
        return entry.version if entry else None

    def places(self, namespace: str | None = None) -> Iterator[Place]:
        """Where there are objects: in *namespace*, or anywhere."""
        return (at for at in tuple(self._entries) if namespace in (None, at[0]))


def place(body: Body) -> Place:
    """Namespace and name of an object."""
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _trimmed(body: Body) -> Body:
    """*body* without what nobody asks for: managed fields alone are half of it."""
    metadata = body["metadata"]
    kept = {name: metadata[name] for name in KEPT_METADATA if name in metadata}
    found = metadata.get("annotations") or {}
    annotations = {name: found[name] for name in KEPT_ANNOTATIONS if name in found}
    return {
        "metadata": kept | ({"annotations": annotations} if annotations else {}),
        "spec": dict(body.get("spec") or {}),
        "status": dict(body.get("status") or {}),
    }
