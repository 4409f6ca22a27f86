"""Secrets of systems, read by name and believed for a minute, without what is secret in them.

What is kept in memory are records. A password or a private key is read when something must be made
with it, and is gone with the request.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.execute import NO_VERSION_YET
from arkalia_operator.desired import kinds
from arkalia_operator.errors import NotFoundError
from arkalia_operator.planning.records import owner_uid

FRESH_SECONDS: Final = 60.0
"""For so long a record is believed, and longer where there are many systems (see `fresh_for`); then
the Secret is read again."""
SECONDS_FOR_EACH: Final = 1.0
"""A system has a dozen Secrets, and no watch tells of them: to look at one system a second costs
one hundredth of a core."""
REMEMBERED: Final = 16384

Live = dict[str, Any]
Record = TypeVar("Record")


def fresh_for(systems: int) -> float:
    """How many seconds a record is believed where there are so many *systems*."""
    return max(FRESH_SECONDS, systems * SECONDS_FOR_EACH)


def fresh_for_few() -> float:
    """How many seconds a record is believed where there are few systems."""
    return FRESH_SECONDS


class Versioned(Protocol):
    """A record that says which version of an object it was made of."""

    @property
    def resource_version(self) -> str:
        """As the API server calls it."""


class SecretOf(NamedTuple):
    """Whose Secret, and which one."""

    uid: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class _Seen(Generic[Record]):
    record: Record
    until: float
    mark: str
    version: str | None
    """`metadata.resourceVersion` of what it was made of; empty if there was no Secret, None if nobody
    said which."""


class Secrets(Generic[Record]):
    """Reads Secrets, and remembers what *recorded* makes of them."""

    def __init__(
        self, client: Client, clock: Callable[[], float], fresh: Callable[[], float]
    ) -> None:
        self._client = client
        self._clock = clock
        self._fresh = fresh
        self._seen: OrderedDict[SecretOf, _Seen[Record]] = OrderedDict()

    async def read(
        self, place: SecretOf, recorded: Callable[[Live | None], Record], mark: str = ""
    ) -> Record:
        """The record of a Secret that is fresh; *recorded* gets None if there is none.

        It depends on nothing else. With another *mark* than the last time it is read again at once. What has not changed since it
        was read last is not taken apart again: most of a look would go into keys and certificates.
        """
        seen = self._seen.get(place)
        if seen is not None and seen.mark == mark and self._clock() < seen.until:
            return seen.record
        live = await self.live(place)
        version = live["metadata"]["resourceVersion"] if live else ""
        record = seen.record if seen and seen.version == version else recorded(live)
        return self._believe(place, record, mark, version)

    async def live(self, place: SecretOf) -> Live | None:
        """The Secret as it is now; None if there is none. Raises ApiError."""
        try:
            return await self._client.get(kinds.SECRET, place.namespace, place.name)
        except NotFoundError:
            return None

    async def write(self, manifest: Live, before: Versioned | None) -> Live:
        """Write the Secret, if it still is *before*. Raises ApiError; ConflictError if it is not."""
        version = before.resource_version if before else NO_VERSION_YET
        described = {**manifest["metadata"], "resourceVersion": version}
        changed = {**manifest, "metadata": described}
        return await self._client.apply(kinds.SECRET, changed, force=True)

    def remember(self, place: SecretOf, record: Record) -> Record:
        """Believe *record*, of what was written, for a minute, or longer where there are many systems."""
        return self._believe(place, record, "", None)

    def _believe(self, place: SecretOf, record: Record, mark: str, version: str | None) -> Record:
        self._seen[place] = _Seen(record, self._clock() + self._fresh(), mark, version)
        self._seen.move_to_end(place)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return record

    def forget(self, place: SecretOf) -> None:
        """Read the Secret again, the next time."""
        self._seen.pop(place, None)


def place_of(system: ArkaliaSystem, name: str) -> SecretOf:
    """Where the Secret *name* of *system* is."""
    return SecretOf(system.uid, system.namespace, name)


def decoded(secret: Mapping[str, Any] | None) -> dict[str, bytes]:
    """The data of a live Secret; a value that is no base64 is empty."""
    data = (secret or {}).get("data") or {}
    return {key: _decoded(value) for key, value in data.items()}


def encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    """*data* as a manifest holds it."""
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def is_leaving(system: ArkaliaSystem, described: Mapping[str, Any]) -> bool:
    """Whether the object that is *described* is of a deleted system of the same name."""
    return owner_uid(described) not in {"", system.uid} and (
        label_of(described, labels.SYSTEM) == system.name
    )


def label_of(described: Mapping[str, Any], name: str) -> str:
    """The label *name* of the object that is *described*; empty if it has none."""
    found: Mapping[str, str] = described.get("labels") or {}
    return found.get(name, "")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return b""
