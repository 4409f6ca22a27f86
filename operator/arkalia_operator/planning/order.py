"""What an object waits for: its turn comes once everything before it is there and done."""

from __future__ import annotations

from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import BY_NAME, STATEFUL_SET
from arkalia_operator.planning.observed import ChildRecord, ObjectKey, Observed


def awaited(
    key: ObjectKey, desired: Desired, observed: Observed, uid: str
) -> tuple[ObjectKey, ...]:
    """What the object *key* of the system *uid* still waits for; empty once its turn has come.

    A kind that no informer watches counts as done: who reads a Secret waits for it by itself.
    """
    named = desired.after.get((key.kind, key.name), ())
    before = (ObjectKey(kind, key.namespace, name) for kind, name in named if kind in BY_NAME)
    undone = [each for each in before if not is_done(observed.children.get(each), uid)]
    return (*undone, *_others(key, desired, observed))


def is_done(record: ChildRecord | None, uid: str) -> bool:
    """Whether the object is there, and what comes after it in the system *uid* may begin.

    A Job of an earlier system of the same name did its work for that one.
    """
    if record is None or record.deleting:
        return False
    if record.job is not None:
        return record.job.succeeded and record.owner_uid == uid
    return record.key.kind != STATEFUL_SET.name or _has_a_ready_pod(record)


def _others(key: ObjectKey, desired: Desired, observed: Observed) -> list[ObjectKey]:
    """The Jobs that must be gone before the Job *key* may start."""
    module = desired.alone.get((key.kind, key.name))
    if module is None:
        return []
    jobs = (each for each in observed.children.values() if each.job is not None)
    return [each.key for each in jobs if each.module == module and each.key != key]


def _has_a_ready_pod(record: ChildRecord) -> bool:
    return record.rollout is not None and record.rollout.ready > 0
