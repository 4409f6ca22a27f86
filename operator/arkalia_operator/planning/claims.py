"""Storage of a PersistentVolumeClaim can only grow: what is asked for is never less than before."""

from __future__ import annotations

from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.quantities import amount
from arkalia_operator.planning.observed import ChildRecord


def only_grown(manifest: Manifest, record: ChildRecord | None) -> Manifest:
    """The claim *manifest*, as it must be sent now: with the larger of both storages."""
    if record is None or record.claim is None or not record.claim.requested:
        return manifest
    spec = manifest["spec"]
    requests = spec["resources"]["requests"]
    if amount(requests["storage"]) >= amount(record.claim.requested):
        return manifest
    kept = {**requests, "storage": record.claim.requested}
    resources = {**spec["resources"], "requests": kept}
    return {**manifest, "spec": {**spec, "resources": resources}}
