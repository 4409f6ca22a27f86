"""Which news about an object is newer: the same fact arrives by watch, list and our own requests.

Resource versions of one API server are numbers that grow
(https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). A deletion leaves
a tombstone for a while, so that an older event or answer cannot bring the object back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

TOMBSTONES: Final = 16_384
"""Kept at most; the oldest goes first. Late news is late by seconds, not by so many deletions."""


class Tombstone(NamedTuple):
    """An object that is gone."""

    version: int
    uid: str
    """Set where the version of the end is not known: then no news of this uid counts."""


class Tombstones:
    """The objects that went last."""

    def __init__(self, limit: int = TOMBSTONES) -> None:
        self._limit = limit
        self._by_key: OrderedDict[Hashable, Tombstone] = OrderedDict()

    def bury(self, key: Hashable, version: int, uid: str = "") -> None:
        """The object is gone since *version*; or *uid* is, at a version that is not known."""
        self._by_key[key] = Tombstone(version, uid)
        self._by_key.move_to_end(key)
        if len(self._by_key) > self._limit:
            self._by_key.popitem(last=False)

    def covers(self, key: Hashable, version: int, uid: str) -> bool:
        """Whether news about *uid* at *version* is about a time before the object went."""
        stone = self._by_key.get(key)
        return stone is not None and (stone.uid == uid or version <= stone.version)

    def clear(self) -> None:
        """Forget all: the API server counts its versions anew."""
        self._by_key.clear()

    def __len__(self) -> int:
        return len(self._by_key)


def number(resource_version: str) -> int:
    """A resource version as a number; 0 for one that is none, which then never is the newest."""
    return int(resource_version) if resource_version.isdecimal() else 0
