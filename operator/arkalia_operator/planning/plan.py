"""The policy on one screen: what to apply and what to delete, for one system, now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import (
    BY_NAME,
    DEPLOYMENT,
    HOLD_DATA,
    JOB,
    PERSISTENT_VOLUME_CLAIM,
    ROLLED_OUT,
)
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.actions import Apply, Delete, Plan
from arkalia_operator.planning.claims import only_grown
from arkalia_operator.planning.kept_templates import packed
from arkalia_operator.planning.observed import Accepted, ChildRecord, ObjectKey, Observed
from arkalia_operator.planning.order import awaited
from arkalia_operator.planning.ownership import NOTHING, fingerprint
from arkalia_operator.planning.replicas import hand_over
from arkalia_operator.planning.rollouts import PlannedRollout, noted, rollout_of

MISSING: Final = "missing"
CHANGED: Final = "changed"
DRIFTED: Final = "drifted"


def plan(system: ArkaliaSystem, desired: Desired, observed: Observed) -> Plan:
    """Every write that brings the cluster to *desired*. Empty once it is there.

    A system that is being deleted is left to the garbage collector.
    """
    if system.deleting:
        return Plan()
    return Plan(
        applies=tuple(_applies(system, desired, observed)),
        deletes=tuple(_deletes(system, desired, observed)),
        repairs=system.spec.changes.drift_policy == "Repair",
    )


def key_of(manifest: Manifest) -> ObjectKey:
    """The key of a rendered object."""
    metadata = manifest["metadata"]
    return ObjectKey(manifest["kind"], metadata["namespace"], metadata["name"])


def is_served(manifest: Manifest, observed: Observed) -> bool:
    """Whether the API server knows the kind now."""
    return not BY_NAME[manifest["kind"]].optional or manifest["kind"] in observed.served


def not_yet(
    system: ArkaliaSystem, desired: Desired, observed: Observed
) -> Mapping[ObjectKey, tuple[ObjectKey, ...]]:
    """What would be applied if it had not to wait, with what it waits for."""
    ordered = [each for each in desired.manifests if desired.may_wait(each)]
    found = {
        each.key: awaited(each.key, desired, observed, system.uid)
        for each in due(ordered, desired, observed)
    }
    return {key: before for key, before in found.items() if before}


def _applies(system: ArkaliaSystem, desired: Desired, observed: Observed) -> Iterator[Apply]:
    for each in due(desired.manifests, desired, observed):
        if not awaited(each.key, desired, observed, system.uid):
            yield each


def due(manifests: Iterable[Manifest], desired: Desired, observed: Observed) -> Iterator[Apply]:
    """What of *manifests* differs from *observed*, whether its turn has come or not."""
    for manifest in manifests:
        if is_served(manifest, observed):
            yield from _apply(manifest, desired, observed)


def _apply(manifest: Manifest, desired: Desired, observed: Observed) -> Iterator[Apply]:
    key = key_of(manifest)
    record = observed.children.get(key)
    if record is not None and record.deleting:
        return  # its end is an event of its own; then it is missing
    manifest = _as_sent(manifest, desired, record)
    rollout = rollout_of(key, manifest, desired, observed) if is_rolled_out(key) else None
    plain = manifest
    if rollout is not None:
        manifest = noted(plain, rollout)
    digest = fingerprint(manifest, rollout.made.template if rollout else "")
    why = _why(digest, record, observed.accepted.get(key))
    if why == CHANGED and rollout is not None and _only_repairs(plain, rollout, observed, key):
        why = DRIFTED
    # A Job cannot be changed: one that shall be another has another name.
    if why == MISSING or (why and key.kind != JOB.name):
        yield _with_template(Apply(key, manifest, digest, why == MISSING, why), rollout)


def _only_repairs(
    manifest: Manifest, rollout: PlannedRollout, observed: Observed, key: ObjectKey
) -> bool:
    """Whether what is sent was applied before, and now says that it was repaired."""
    before, accepted = rollout.before, observed.accepted.get(key)
    if before is None or accepted is None or before.reason == rollout.made.reason:
        return False
    same = replace(before, inputs=rollout.made.inputs)
    return accepted.sent == fingerprint(
        noted(manifest, replace(rollout, made=same)), before.template
    )


def is_rolled_out(key: ObjectKey) -> bool:
    """Whether the object replaces pods by newer ones."""
    return BY_NAME[key.kind] in ROLLED_OUT


def _with_template(action: Apply, rollout: PlannedRollout | None) -> Apply:
    """*action* with a copy of the pod template that it sends, or told which one it keeps."""
    if rollout is None:
        return action
    if rollout.is_held:
        return replace(action, keeps=rollout.made.template)
    return replace(action, manifest=packed(action.manifest))


def rollouts(desired: Desired, observed: Observed) -> dict[ObjectKey, PlannedRollout]:
    """What becomes of every pod template that is rolled out."""
    found = ((key_of(each), each) for each in desired.manifests)
    return {
        key: rollout_of(key, each, desired, observed) for key, each in found if is_rolled_out(key)
    }


def _as_sent(manifest: Manifest, desired: Desired, record: ChildRecord | None) -> Manifest:
    """*manifest*, with what must follow the live object."""
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    if kind == DEPLOYMENT.name and name in desired.autoscaled:
        return hand_over(manifest, desired.autoscaled[name], record)
    if kind == PERSISTENT_VOLUME_CLAIM.name:
        return only_grown(manifest, record)
    return manifest


def _why(digest: bytes, record: ChildRecord | None, accepted: Accepted | None) -> str:
    """`missing`, `changed` or `drifted`; empty if there is nothing to do.

    An object that carries the system's label, and of which the operator never applied anything,
    is somebody else's: the system's own is missing.
    """
    if record is None or record.fingerprint == NOTHING:
        return MISSING
    if record.fingerprint == digest:
        return ""
    if accepted is None or accepted.sent != digest:
        return CHANGED
    return "" if accepted.held == record.fingerprint else DRIFTED


def unwanted(system: ArkaliaSystem, desired: Desired, observed: Observed) -> list[ChildRecord]:
    """What the system owns, and nothing asks for any more. Data is never among it."""
    resolution = desired.resolution
    if resolution.hold_all:
        return []
    wanted = {key_of(manifest) for manifest in desired.manifests}
    return [
        record
        for key, record in observed.children.items()
        if record.owner_uid == system.uid
        if BY_NAME[key.kind] not in HOLD_DATA
        if key not in wanted and key.name not in desired.kept
        if record.module not in resolution.held
    ]


def _deletes(system: ArkaliaSystem, desired: Desired, observed: Observed) -> Iterator[Delete]:
    for record in unwanted(system, desired, observed):
        if not record.deleting:
            # What a Job has done meanwhile must be known before it goes.
            seen = record.resource_version if record.job else ""
            yield Delete(record.key, record.uid, seen, record.module)
