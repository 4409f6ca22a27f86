"""When somebody's change to a list makes our own apply invalid.

Server-side apply merges keyed lists and keeps the items of others, and these can clash with ours:
`kubectl edit` turns port 8000 named `http` into port 81 named `http`, and a Service cannot have
two ports of one name. So the lists are replaced as a whole, which a merge patch does; then an
apply takes the fields over. The merge patch leaves a second owner behind, under our own name, who
would keep fields alive that a later manifest leaves out: that record is removed.
"""

from __future__ import annotations

from typing import Any

from arkalia_operator.cluster.client import Client
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.planning.ownership import FIELD_MANAGER


async def replace_clashing_lists(
    client: Client, kind: Kind, manifest: dict[str, Any]
) -> dict[str, Any]:
    """Bring the live object to *manifest*; gives it. Raises ApiError if it is invalid anyway."""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    await client.merge(kind, namespace, name, manifest)
    live = await client.apply(kind, manifest, force=True)
    metadata = live["metadata"]
    owners = [each for each in metadata["managedFields"] if not _is_left_behind(each)]
    change = {"resourceVersion": metadata["resourceVersion"], "managedFields": owners}
    return await client.merge(kind, namespace, name, {"metadata": change})


def _is_left_behind(owner: dict[str, Any]) -> bool:
    ours = owner["manager"] == FIELD_MANAGER and owner["operation"] == "Update"
    return ours and not owner.get("subresource")
