"""The status of an ArkaliaSystem, written if it says something new."""

from __future__ import annotations

from typing import Any

from arkalia_operator import metrics
from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kinds import SYSTEM
from arkalia_operator.cluster.store import SystemKey


async def write_status(
    client: Client, key: SystemKey, uid: str, status: ArkaliaSystemStatus
) -> dict[str, Any]:
    """Write *status* to the system *key*; gives the live object.

    The uid keeps it from landing on a new system of the same name. Raises ApiError: NotFoundError,
    ConflictError or InvalidError if the system with that uid is gone.
    """
    manifest = {
        "apiVersion": SYSTEM.api_version,
        "kind": SYSTEM.name,
        "metadata": {"namespace": key.namespace, "name": key.name, "uid": uid},
        "status": status.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    live = await client.apply_status(SYSTEM, manifest)
    metrics.STATUS_WRITES.inc()
    return live
