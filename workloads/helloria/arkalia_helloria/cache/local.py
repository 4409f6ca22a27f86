"""The first level: answers in the gateway's own memory, bounded in bytes and in number.

Beside them lies when something was changed: an answer that was asked for before that is not given
again.
"""

from typing import Final

from cachetools import LRUCache

from arkalia_helloria.cache.kept import Kept, Resource
from arkalia_helloria.cache.terms import Pairs

Key = tuple[bytes, Resource]
"""Who asks, as the module is told, or nobody where the answer is for everybody; and for what."""

MOST_VARIANTS: Final = 4
"""Answers of one resource to one caller, by language or form."""

MOST_CHANGES: Final = 10_000


class LocalAnswers:
    """The answers that this gateway keeps."""

    def __init__(self, most_bytes: int, most_answers: int) -> None:
        self.most_bytes = most_bytes
        least = max(1, most_bytes // most_answers)
        # One bound does for both: each takes at least its share of the bytes.
        self._kept: LRUCache[Key, tuple[Kept, ...]] = LRUCache(
            most_bytes, lambda found: sum(max(least, each.size) for each in found)
        )
        self._changes = Changes()

    def find(self, key: Key, asked: Pairs) -> Kept | None:
        """The answer to a request with the headers *asked*, however old."""
        found = next((each for each in self._kept.get(key, ()) if each.fits(asked)), None)
        return None if found is None or self._changes.outdates(key[1], found) else found

    def keep(self, key: Key, kept: Kept) -> None:
        """Keep *kept*; what was used least goes where there is no place for it."""
        others = [each for each in self._kept.get(key, ()) if each.varied != kept.varied]
        variants = (kept, *others[: MOST_VARIANTS - 1])
        while variants and self._kept.getsizeof(variants) > self.most_bytes:
            variants = variants[:-1]
        if variants:
            self._kept[key] = variants

    def drop(self, key: Key) -> None:
        """Keep nothing of *key* any more."""
        self._kept.pop(key, None)

    def changed(self, resource: Resource, at: float) -> None:
        """At the time *at* somebody has changed *resource*."""
        self._changes.note(resource, at)

    @property
    def bytes(self) -> int:
        """What they take, about."""
        return int(self._kept.currsize)

    def __len__(self) -> int:
        return len(self._kept)


class Changes:
    """When what was changed; of what is forgotten it is supposed that all else changed then."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], float] = {}
        self._forgotten = 0.0

    def note(self, resource: Resource, at: float) -> None:
        """*resource* was changed, and with it whatever a query chooses of it."""
        path = resource.module, resource.target
        self._at.pop(path, None)
        if len(self._at) >= MOST_CHANGES:
            self._forgotten = self._at.pop(next(iter(self._at)))
        self._at[path] = at

    def outdates(self, resource: Resource, kept: Kept) -> bool:
        """Whether *kept* was asked for before."""
        at = self._at.get((resource.module, resource.target), self._forgotten)
        return kept.asked_at <= at
