"""What is to be said of the volumes of builtin servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired.kinds import PERSISTENT_VOLUME_CLAIM
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.quantities import amount
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.observed import ClaimState, ObjectKey, Observed
from arkalia_operator.planning.plan import key_of

BOUND: Final = "Bound"
PENDING: Final = "Pending"


def claims(manifests: Sequence[Manifest], observed: Observed) -> dict[ObjectKey, ClaimState]:
    """The volumes of *manifests* that are there, by their claims."""
    records = (observed.children.get(key_of(each)) for each in manifests)
    return {each.key: each.claim for each in records if each is not None and each.claim is not None}


def growing(manifests: Sequence[Manifest], observed: Observed) -> Iterator[Finding]:
    """A volume does not have the size yet that it is asked for."""
    for key, claim in claims(manifests, observed).items():
        if claim.phase == BOUND and _is_less(claim.capacity, claim.requested):
            why = f": {claim.trouble}" if claim.trouble else ""
            message = f"{key} grows from {claim.capacity} to {claim.requested}{why}"
            yield Finding(Reason.VOLUME_GROWS, message, doomed=False)


def larger_than_asked(manifests: Sequence[Manifest], observed: Observed) -> Iterator[str]:
    """What is said of volumes that are larger than the spec: those of an earlier system may be."""
    there = claims(manifests, observed)
    for manifest in manifests:
        claim = there.get(key_of(manifest))
        if claim is not None:
            asked = manifest["spec"]["resources"]["requests"]["storage"]
            if _is_less(asked, claim.requested):
                yield f" {key_of(manifest)} keeps its {claim.requested}: a volume never shrinks."


def class_missing(server: ObjectKey, field: str, observed: Observed) -> Finding | None:
    """The volume of *server* waits for a StorageClass that nobody names; *field* would name one."""
    claim = ObjectKey(PERSISTENT_VOLUME_CLAIM.name, server.namespace, server.name)
    record = observed.children.get(claim)
    state = record.claim if record else None
    if state is None or state.phase != PENDING or state.storage_class:
        return None
    message = (
        f"{claim} names no StorageClass, and the cluster has no default one: write "
        f"{field}.storageClassName, or mark a StorageClass as the default"
    )
    return Finding(Reason.STORAGE_CLASS_MISSING, message, doomed=True)


def _is_less(one: str, other: str) -> bool:
    return bool(one and other) and amount(one) < amount(other)
