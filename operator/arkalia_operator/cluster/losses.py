"""Children that somebody else has deleted while they were right, until they are there again.

Only who had accepted an object and then heard its end knows that: an operator that starts, or stands
by, knows of none. What the operator deletes itself is not accepted any more when its end is heard.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from typing import Final, NamedTuple

from arkalia_operator.planning.observed import ChildRecord, ObjectKey

REMEMBERED: Final = 1024
"""The oldest is forgotten first: it comes back all the same, and is not told."""


class Loss(NamedTuple):
    """An object that is gone."""

    uid: str
    owner_uid: str

    def replaced_by(self, record: ChildRecord) -> bool:
        """Whether *record* is another object of the same system.

        Who takes our label off an object ends it for the watch, and it is there all the same.
        """
        return record.uid != self.uid and record.owner_uid == self.owner_uid


class Losses:
    """What was lost in all systems, each object once."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._by_key: OrderedDict[ObjectKey, Loss] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_key)

    def note(self, record: ChildRecord) -> None:
        """The object is gone. One that no system owns is data, and nobody's loss."""
        if not record.owner_uid:
            return
        self._by_key[record.key] = Loss(record.uid, record.owner_uid)
        self._by_key.move_to_end(record.key)
        if len(self._by_key) > self._limit:
            self._by_key.popitem(last=False)

    def of(self, at: ObjectKey) -> Loss | None:
        """What was lost at *at*, and is not back yet."""
        return self._by_key.get(at)

    def forget(self, at: ObjectKey) -> None:
        """The object, or another one in its place, is there."""
        self._by_key.pop(at, None)

    def keep(self, owner_uid: str, wanted: Set[ObjectKey]) -> None:
        """Of what the system *owner_uid* has lost, it misses only what is still *wanted*."""
        gone = [at for at, each in self._by_key.items() if each.owner_uid == owner_uid]
        for at in gone:
            if at not in wanted:
                self.forget(at)

    def clear(self) -> None:
        """Forget all: somebody else may have made up for it."""
        self._by_key.clear()
