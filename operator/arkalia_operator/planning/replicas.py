"""Handing `spec.replicas` of a Deployment over to its autoscaler without a jump.

A field that an apply leaves out and nobody else owns falls back to its default, here 1. So the
operator seeds it with the least number of pods, goes on sending the value it owns, and leaves it
out once the autoscaler has written its own.
"""

from __future__ import annotations

from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.observed import ChildRecord


def hand_over(manifest: Manifest, least: int, record: ChildRecord | None) -> Manifest:
    """The Deployment *manifest* of an autoscaled component, as it must be sent now."""
    if record is None or _is_at_zero(record):
        return with_replicas(manifest, least)
    if record.owned_replicas is not None:
        return with_replicas(manifest, max(record.owned_replicas, least))
    return manifest


def _is_at_zero(record: ChildRecord) -> bool:
    """An autoscaler leaves a Deployment alone that has been scaled to nothing."""
    return record.rollout is not None and record.rollout.wanted == 0


def with_replicas(manifest: Manifest, replicas: int) -> Manifest:
    """*manifest* with `spec.replicas` set."""
    return {**manifest, "spec": {**manifest["spec"], "replicas": replicas}}
