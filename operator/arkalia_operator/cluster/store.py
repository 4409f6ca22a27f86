"""What the cluster holds for each system, as compact records: the operator's whole memory of it.

News comes from lists, watches and the answers to our own applies, in any order and more than once;
the newest wins, and what is gone stays gone. The methods say which systems are concerned by a
change, and none if nothing changed that a decision depends on: most events are such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from arkalia_contract import labels
from arkalia_operator.cluster.losses import Losses
from arkalia_operator.cluster.versions import Tombstones, number
from arkalia_operator.desired.kinds import BY_NAME, POD, Kind
from arkalia_operator.planning.observed import Accepted, ChildRecord, ObjectKey, PodRecord
from arkalia_operator.planning.ownership import FIELD_MANAGER
from arkalia_operator.planning.records import changing, child_record, pod_record

Key = TypeVar("Key")
Value = TypeVar("Value")
Live = Mapping[str, Any]
Place = tuple[str, str]
"""Namespace and name."""


class SystemKey(NamedTuple):
    """Which ArkaliaSystem."""

    namespace: str
    name: str


SELECTOR: Final = f"{labels.MANAGED_BY}={labels.MANAGED_BY_OPERATOR}"
NOBODY: Final[tuple[SystemKey, ...]] = ()


@dataclass(slots=True)
class Shelf:
    """What is kept for one system.

    Its children, and what was accepted of them, are never changed in place: whoever decided from such
    a mapping may keep it, and it is remembered once.
    """

    key: SystemKey
    children: Mapping[ObjectKey, ChildRecord] = field(default_factory=dict)
    pods: dict[str, PodRecord] = field(default_factory=dict)
    accepted: Mapping[ObjectKey, Accepted] = field(default_factory=dict)


@dataclass(slots=True)
class _Entry:
    version: int
    glance: int
    shelf: Shelf
    record: ChildRecord | PodRecord


class Store:
    """Records by kind and place, and by system."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[Place, _Entry]] = {name: {} for name in BY_NAME}
        self._shelves: dict[SystemKey, Shelf] = {}
        self._tombstones = Tombstones()
        self.losses = Losses()

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def selector(self, kind: Kind) -> str:  # noqa: ARG002 - a system's objects carry it, whatever their kind
        """Label selector of the objects of *kind* that are kept here."""
        return SELECTOR

    def shelf(self, key: SystemKey) -> Shelf:
        """What is known for the system *key*; empty if nothing is."""
        return self._shelves.get(key) or Shelf(key)

    def put(self, kind: Kind, live: Live) -> tuple[SystemKey, ...]:
        """The object is *live*. Gives the systems concerned."""
        metadata = live["metadata"]
        place = (intern(metadata["namespace"]), metadata["name"])
        version = number(metadata["resourceVersion"])
        old = self._entries[kind.name].get(place)
        if old is not None and version <= old.version:
            return NOBODY
        if self._tombstones.covers((kind.name, place), version, metadata["uid"]):
            return NOBODY
        name = metadata.get("labels", {}).get(labels.SYSTEM)
        if not name:
            return self._leave(kind, place)
        seen = 0 if kind is POD else glance(live)
        if old is not None and old.glance == seen and isinstance(old.record, ChildRecord):
            return _follow(kind, live, old)
        return self._enter(kind, place, self._entry(kind, live, seen, SystemKey(place[0], name)))

    def gone(self, kind: Kind, live: Live) -> tuple[SystemKey, ...]:
        """The object ended, *live* is its last state. Gives the systems concerned."""
        metadata = live["metadata"]
        place = (metadata["namespace"], metadata["name"])
        version = number(metadata["resourceVersion"])
        known = self._entries[kind.name].get(place)
        if known is not None and version < known.version:
            return NOBODY  # it was made anew in the meantime
        self._tombstones.bury((kind.name, place), version)
        return self._lose(kind, place)

    def give_up(self, at: ObjectKey) -> None:
        """We are about to delete the object: its end is no loss."""
        entry = self._entries[at.kind].get((at.namespace, at.name))
        if entry is not None:
            entry.shelf.accepted = _without(at, entry.shelf.accepted)

    def deleted(self, key: ObjectKey, uid: str) -> tuple[SystemKey, ...]:
        """We deleted the object, and it is gone at once. Gives the systems concerned."""
        place = (key.namespace, key.name)
        known = self._entries[key.kind].get(place)
        if known is not None and isinstance(known.record, ChildRecord) and known.record.uid != uid:
            return NOBODY
        self._tombstones.bury((key.kind, place), 0, uid)
        return self._leave(BY_NAME[key.kind], place)

    def retain(
        self, kind: Kind, namespace: str | None, listed: Set[Place], version: int
    ) -> tuple[SystemKey, ...]:
        """A complete list at *version* had *listed* only: whatever is older and not in it is gone."""
        ended = [
            (place, entry.record)
            for place, entry in self._entries[kind.name].items()
            if place not in listed and entry.version <= version and namespace in (None, place[0])
        ]
        for place, _ in ended:
            self._tombstones.bury((kind.name, place), version)
        return tuple({key for place, _ in ended for key in self._lose(kind, place)})

    def drop(self, kind: Kind, namespace: str | None = None) -> tuple[SystemKey, ...]:
        """Forget all of *kind*: it is not served any more, or its versions are counted anew."""
        places = [at for at in self._entries[kind.name] if namespace in (None, at[0])]
        self._tombstones.clear()
        return tuple({key for place in places for key in self._leave(kind, place)})

    def accept(self, key: SystemKey, child: ObjectKey, accepted: Accepted) -> None:
        """Remember what the API server made of an apply, as long as the object is known."""
        shelf = self._shelves.get(key)
        record = shelf.children.get(child) if shelf is not None else None
        if shelf is not None and record is not None:
            told = _sharing(accepted, record.fingerprint)
            shelf.accepted = {**shelf.accepted, record.key: told}

    def forget_accepted(self) -> None:
        """Somebody else may have applied since: believe only what the objects themselves say."""
        for shelf in self._shelves.values():
            shelf.accepted = {}
        self.losses.clear()

    def systems(self) -> Iterator[SystemKey]:
        """Every system of which something is known."""
        return iter(tuple(self._shelves))

    def _entry(self, kind: Kind, live: Live, seen: int, key: SystemKey) -> _Entry:
        version = number(live["metadata"]["resourceVersion"])
        record = pod_record(live) if kind is POD else self._child(kind, live)
        return _Entry(version, seen, self._shelves.get(key) or Shelf(key), record)

    def _child(self, kind: Kind, live: Live) -> ChildRecord:
        """The record of *live*, with the key by which the last one is known: so it is kept once."""
        record = child_record(kind, live)
        known = self._entries[kind.name].get((record.key.namespace, record.key.name))
        old = known.record if known else None
        return replace(record, key=old.key) if isinstance(old, ChildRecord) else record

    def _enter(self, kind: Kind, place: Place, entry: _Entry) -> tuple[SystemKey, ...]:
        old = self._entries[kind.name].get(place)
        moved = self._leave(kind, place) if old and old.shelf.key != entry.shelf.key else NOBODY
        self._entries[kind.name][place] = entry
        shelf = self._shelves.setdefault(entry.shelf.key, entry.shelf)
        if isinstance(entry.record, PodRecord):
            shelf.pods[place[1]] = entry.record
        else:
            shelf.children = {**shelf.children, entry.record.key: entry.record}
            self.losses.forget(entry.record.key)
        same = not moved and old is not None and _alike(old.record, entry.record)
        return moved if same else (*moved, shelf.key)

    def _lose(self, kind: Kind, place: Place) -> tuple[SystemKey, ...]:
        """The object ended: that is a loss if it was accepted."""
        entry = self._entries[kind.name].get(place)
        record = entry.record if entry else None
        if entry and isinstance(record, ChildRecord) and record.key in entry.shelf.accepted:
            self.losses.note(record)
        return self._leave(kind, place)

    def _leave(self, kind: Kind, place: Place) -> tuple[SystemKey, ...]:
        entry = self._entries[kind.name].pop(place, None)
        if entry is None:
            return NOBODY
        shelf = entry.shelf
        if isinstance(entry.record, PodRecord):
            shelf.pods.pop(place[1], None)
        else:
            shelf.children = _without(entry.record.key, shelf.children)
            shelf.accepted = _without(entry.record.key, shelf.accepted)
        if not shelf.children and not shelf.pods:
            self._shelves.pop(shelf.key, None)
        return (shelf.key,)


def _sharing(accepted: Accepted, known: bytes) -> Accepted:
    """*accepted* with one digest in the place of three: all are nearly always what is *known*."""
    held = known if accepted.held == known else accepted.held
    return replace(accepted, held=held, sent=held if accepted.sent == held else accepted.sent)


def _without(left: Key, every: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """*every* but *left*."""
    return {key: value for key, value in every.items() if key != left}


def glance(live: Live) -> int:
    """A number that changes with everything but the status: cheap, so that most events end here.

    `generation` counts changes of the spec where a kind has it; metadata it never counts. Who owns
    which field is not read: it cannot change to our harm without a field, or the time of our entry.
    """
    metadata = live["metadata"]
    seen = [metadata.get(name) for name in METADATA_SEEN]
    seen += [
        each.get("time")
        for each in metadata.get("managedFields", ())
        if each["manager"] == FIELD_MANAGER
    ]
    if "generation" not in metadata:
        seen.append({name: live[name] for name in live if name not in NOT_SPEC})
    return hash(orjson.dumps(seen))


METADATA_SEEN: Final = (
    "uid", "generation", "labels", "annotations", "ownerReferences", "deletionTimestamp",
)  # fmt: skip
NOT_SPEC: Final = frozenset({"metadata", "status"})


def _follow(kind: Kind, live: Live, entry: _Entry) -> tuple[SystemKey, ...]:
    """Take over the status of *live*: nothing else of it can have changed."""
    old = entry.record
    assert isinstance(old, ChildRecord)  # noqa: S101 - pods have no glance
    version = live["metadata"]["resourceVersion"]
    moving = changing(kind, live)
    entry.version, entry.record = number(version), replace(old, resource_version=version, **moving)
    entry.shelf.children = {**entry.shelf.children, old.key: entry.record}
    still = all(getattr(old, name) == value for name, value in moving.items())
    return NOBODY if still else (entry.shelf.key,)


def _alike(old: ChildRecord | PodRecord, new: ChildRecord | PodRecord) -> bool:
    """Whether both mean the same for every decision."""
    if isinstance(old, ChildRecord) and isinstance(new, ChildRecord):
        return replace(old, resource_version=new.resource_version) == new
    return old == new
