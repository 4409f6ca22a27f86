"""What the operator would do to a system, in words: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired
from arkalia_operator.planning.actions import Apply
from arkalia_operator.planning.differences import Item, paths
from arkalia_operator.planning.observed import ObjectKey, Observed
from arkalia_operator.planning.ownership import owned
from arkalia_operator.planning.plan import due, plan, rollouts
from arkalia_operator.planning.rollouts import PlannedRollout

Live = Mapping[ObjectKey, Mapping[str, Any]]
"""The objects of a system as the API server has them."""


def preview(
    system: ArkaliaSystem, desired: Desired, observed: Observed, live: Live
) -> Iterator[Item]:
    """What would be done to *live* so that it is as *desired*, and what would be held."""
    sent = rollouts(desired, observed)
    for each in due(desired.manifests, desired, observed):
        yield _applied(each, sent.get(each.key), observed, live)
    for gone in plan(system, desired, observed).deletes:
        yield Item(gone.key, "delete")
    for key, rollout in sent.items():
        if rollout.is_held:
            yield Item(key, "hold", rollout.wanted, reason=", ".join(first_of(rollout.held)))


def _applied(action: Apply, rollout: PlannedRollout | None, observed: Observed, live: Live) -> Item:
    digest = action.digest.hex()
    if action.creates:
        return Item(action.key, "create", digest)
    found = {
        name: action.manifest[name]
        for name in action.manifest
        if name not in ("apiVersion", "kind")
    }
    told = tuple(each for each in paths(_shown(owned(live[action.key])), _shown(found)) if each)
    replaced = (
        rollout is not None
        and not rollout.is_held
        and (rollout.made.template != observed.children[action.key].template)
    )
    reason = rollout.made.reason if rollout is not None and replaced else ""
    return Item(action.key, "change", digest, told, replaced, reason)


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """*body* without what identifies it, and without notes that follow from the rest."""
    metadata = body.get("metadata") or {}
    kept = {
        name: metadata[name]
        for name in metadata
        if name not in ("name", "namespace", "annotations")
    }
    return {**body, "metadata": kept}
