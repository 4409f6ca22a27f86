"""Secrets that are made once: read by name, judged elsewhere, made here of chance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster import passwords
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.secrets import (
    Live,
    Secrets,
    decoded,
    encoded,
    fresh_for_few,
    is_leaving,
    label_of,
    place_of,
)
from arkalia_operator.desired import kinds, metadata
from arkalia_operator.desired.kept import WantedKept
from arkalia_operator.planning.kept import KeptSecret, MakeKept
from arkalia_operator.planning.records import owner_uid


class KeptSecrets:
    """Reads them, and makes what is missing."""

    def __init__(
        self,
        client: Client,
        clock: Callable[[], float] = monotonic,
        fresh: Callable[[], float] = fresh_for_few,
    ) -> None:
        self._secrets: Secrets[KeptSecret | None] = Secrets(client, clock, fresh)

    async def look(
        self, system: ArkaliaSystem, wanted: Sequence[WantedKept]
    ) -> dict[str, KeptSecret]:
        """Those that are there, by name. Raises ApiError."""
        found = await asyncio.gather(*(self._read(system, each.name) for each in wanted))
        return {each.name: each for each in found if each is not None}

    def forget(self, system: ArkaliaSystem, wanted: Sequence[WantedKept]) -> None:
        """Read at the next look, and do not remember, what people restore and correct."""
        for each in wanted:
            self._secrets.forget(place_of(system, each.name))

    async def make(self, system: ArkaliaSystem, step: MakeKept, lineage: str) -> None:
        """Make what *step* says. Raises ApiError; ConflictError if the Secret has changed."""
        place = place_of(system, step.wanted.name)
        self._secrets.forget(place)
        before = decoded(await self._secrets.live(place)) if step.secret else {}
        content = {key: before.get(key) or _drawn(step.wanted, key) for key in step.wanted.paths}
        manifest = _manifest(system, step.wanted, lineage, content)
        live = await self._secrets.write(manifest, step.secret)
        self._secrets.remember(place, _record(system, live))

    async def _read(self, system: ArkaliaSystem, name: str) -> KeptSecret | None:
        place = place_of(system, name)
        found = await self._secrets.read(
            place, lambda live: _record(system, live) if live else None
        )
        if found is not None and found.is_leaving:
            self._secrets.forget(place)
        return found


def _drawn(wanted: WantedKept, key: str) -> bytes:
    return (wanted.given.get(key) or passwords.make_password()).encode()


def _manifest(
    system: ArkaliaSystem, wanted: WantedKept, lineage: str, content: dict[str, bytes]
) -> dict[str, Any]:
    own = metadata.lasting_labels(system) | {
        labels.MODULE: wanted.module,
        labels.LINEAGE: lineage,
    }
    return metadata.retained(
        kinds.SECRET, wanted.name, system, own, type="Opaque", data=encoded(content)
    )


def _record(system: ArkaliaSystem, live: Live) -> KeptSecret:
    described = live["metadata"]
    return KeptSecret(
        name=described["name"],
        resource_version=described["resourceVersion"],
        owner_uid=owner_uid(described),
        lineage=label_of(described, labels.LINEAGE),
        is_ours=label_of(described, labels.SYSTEM) == system.name,
        keys=frozenset(key for key, value in decoded(live).items() if value),
        is_leaving=is_leaving(system, described),
    )
