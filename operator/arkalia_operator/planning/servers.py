"""The servers of one pod, each of a StatefulSet, that do not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arkalia_operator.desired import templates
from arkalia_operator.desired.kinds import STATEFUL_SET
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.observed import ObjectKey, Observed, PodRecord
from arkalia_operator.planning.plan import key_of


def silent(
    manifests: Sequence[Manifest], observed: Observed
) -> Iterator[tuple[ObjectKey, Sequence[PodRecord]]]:
    """Each StatefulSet of *manifests* without a ready pod, and what is to be read of its pod."""
    for manifest in manifests:
        if manifest["kind"] == STATEFUL_SET.name and not _answers(key_of(manifest), observed):
            yield key_of(manifest), _pods_of(manifest, observed)


def _answers(key: ObjectKey, observed: Observed) -> bool:
    record = observed.children.get(key)
    return record is not None and record.rollout is not None and record.rollout.ready >= 1


def _pods_of(manifest: Manifest, observed: Observed) -> list[PodRecord]:
    """The one pod, if it is there and of the wanted revision: an older one goes."""
    revision = templates.revision(manifest["spec"]["template"])
    wanted = (f"{manifest['metadata']['name']}-0", revision)
    return [x for x in observed.pods if (x.name, x.revision) == wanted and not x.ready]
