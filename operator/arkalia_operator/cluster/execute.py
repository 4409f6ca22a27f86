"""Plan → cluster. What the API server refuses comes back as failures; nothing is raised for it.

The objects of each module go in three waves: what pods read, the pods' owners, what acts on pods. If
an object of a module is refused, nothing new starts in the later waves of this module: pods must not
start with half of what they read. What belongs to the whole system comes before the pods of all
modules; else no module waits for another. What runs already is repaired all the same. Deletions come
last, so that nothing is missing in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from arkalia_contract import labels
from arkalia_operator import logs, metrics
from arkalia_operator.cluster.clash import replace_clashing_lists
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.drifts import Drifts, seen
from arkalia_operator.cluster.refusals import Refusals
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.kinds import BY_NAME, IN_APPLY_ORDER, MAKE_PODS, Kind
from arkalia_operator.errors import ApiError, ConflictError, InvalidError, NotFoundError, TakenError
from arkalia_operator.planning.actions import Apply, Delete, Failure, Plan
from arkalia_operator.planning.drift import drifted, is_nothing_but_drift
from arkalia_operator.planning.kept_templates import with_kept_template
from arkalia_operator.planning.observed import Accepted, ChildRecord
from arkalia_operator.planning.plan import CHANGED, DRIFTED
from arkalia_operator.planning.records import child_record

LOGGER = logging.getLogger(__name__)

FIRST: Final = -1
_PODS_AT = IN_APPLY_ORDER.index(MAKE_PODS[0])
WAVE: Final = {
    kind.name: 0 if kind in MAKE_PODS else 1 if position > _PODS_AT else FIRST
    for position, kind in enumerate(IN_APPLY_ORDER)
}
"""-1 before the pods, 0 with their owners, 1 after them."""
Waves = dict[int, list[Apply]]
WHOLE_SYSTEM: Final = ""
"""In place of a module: the object belongs to the system as a whole."""
DATA_SERVICE: Final = "data/"
"""Before the name of a data service: no module has a slash in its name."""
NO_VERSION_YET: Final = "1"
"""An apply with a resource version creates a missing object, and conflicts with one that exists
(seen on 1.36): so nothing foreign is taken over, without a read before each create."""


class Executor:
    """Carries out plans, and remembers in the store what came of it."""

    def __init__(self, client: Client, store: Store, drifts: Drifts | None = None) -> None:
        self._client = client
        self._store = store
        self.refusals = Refusals()
        self.drifts = drifts or Drifts()

    async def execute(self, key: SystemKey, plan: Plan) -> tuple[Failure, ...]:
        """Do all that *plan* says for the system *key*; gives what did not succeed."""
        self.drifts.begin(key, frozenset(each.key for each in plan.applies))
        parts = _parts(plan.applies)
        first = parts[WHOLE_SYSTEM].pop(FIRST, [])
        async with asyncio.TaskGroup() as group:
            ground = group.create_task(self._apply_all(key, first, repairs=plan.repairs))
            tasks = [
                group.create_task(self._apply_part(key, waves, ground, repairs=plan.repairs))
                for waves in parts.values()
            ]
        failures = [failure for task in (ground, *tasks) for failure in task.result()]
        failures += await self._delete_all(plan.deletes)
        return tuple(failures)

    async def _apply_part(
        self, key: SystemKey, waves: Waves, ground: asyncio.Task[list[Failure]], *, repairs: bool
    ) -> list[Failure]:
        """One wave after the other; pods of every part also read what *ground* writes."""
        failures: list[Failure] = []
        for wave in (FIRST, 0, 1):
            missing = wave != FIRST and (failures or await ground)
            actions = [each for each in waves.get(wave, ()) if not (missing and _starts_pods(each))]
            failures += await self._apply_all(key, actions, repairs=repairs)
        return failures

    async def _apply_all(
        self, key: SystemKey, actions: Iterable[Apply], *, repairs: bool
    ) -> list[Failure]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._apply(key, each, repairs=repairs)) for each in actions]
        return [failure for task in tasks if (failure := task.result())]

    async def _delete_all(self, actions: Iterable[Delete]) -> list[Failure]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._delete(each)) for each in actions]
        return [failure for task in tasks if (failure := task.result())]

    async def _apply(self, key: SystemKey, action: Apply, *, repairs: bool) -> Failure | None:
        named: Mapping[str, str] = action.manifest["metadata"].get("labels", {})
        with logs.about_module(named.get(labels.MODULE, "")):
            return await self._attempt(key, action, repairs=repairs)

    async def _attempt(self, key: SystemKey, action: Apply, *, repairs: bool) -> Failure | None:
        standing = self.refusals.standing(action)
        if standing is not None:
            return standing
        if await self._is_left(key, action, repairs=repairs):
            return None
        failure = await self._send(key, action)
        if failure is None:
            self.refusals.forget(action.key)
            self.drifts.repaired(key, action.key)
            return None
        if failure.permanent:
            self.refusals.remember(action, failure)
        metrics.FAILURES.labels(failure.key.kind, str(failure.permanent).lower()).inc()
        LOGGER.warning("%s was not applied: %s", failure.key, failure.message)
        return failure

    async def _is_left(self, key: SystemKey, action: Apply, *, repairs: bool) -> bool:
        """Whether somebody else has changed the object, and it stays so.

        It is read once for each change of somebody else, to tell who changed what.
        """
        shelf = self._store.shelf(key)
        unsure = action.why == CHANGED and action.key not in shelf.accepted
        if not (action.why == DRIFTED or unsure):
            return False
        record = shelf.children.get(action.key)
        if record is not None and self.drifts.stands(key, action, seen(record), repairs=repairs):
            return True
        try:
            live = await self._client.get(
                BY_NAME[action.key.kind], action.key.namespace, action.key.name
            )
        except ApiError as error:
            LOGGER.warning("What has drifted of %s cannot be told: %s", action.key, error)
            return not repairs
        if unsure and not is_nothing_but_drift(action.manifest, live):
            return False
        found = drifted(action.manifest, live)
        looked = seen(child_record(BY_NAME[action.key.kind], live))
        return self.drifts.leave(key, action, found, looked, repairs=repairs)

    async def _send(self, key: SystemKey, action: Apply) -> Failure | None:
        kind = BY_NAME[action.key.kind]
        before = self._store.shelf(key).children.get(action.key)
        lost = self._store.losses.of(action.key)
        try:
            send = self._create if action.creates else self._update
            live = await send(kind, action)
        except ApiError as error:
            return Failure(action.key, error.message, error.permanent)
        await asyncio.sleep(
            0
        )  # what waits for its turn is sent first: the API server works meanwhile
        record = self._remember(key, kind, action, live)
        if before is not None and before.resource_version == record.resource_version:
            metrics.NOOP_APPLIES.labels(kind.name).inc()
        if lost is not None and lost.replaced_by(record):
            self.drifts.recreated(key, action.key)
        return None

    async def _update(self, kind: Kind, action: Apply) -> dict[str, Any]:
        manifest = action.manifest
        if action.keeps:
            live = await self._client.get(kind, action.key.namespace, action.key.name)
            manifest = with_kept_template(manifest, live, action.keeps)
        try:
            return await self._client.apply(kind, manifest, force=True)
        except InvalidError:
            return await replace_clashing_lists(self._client, kind, manifest)

    async def _create(self, kind: Kind, action: Apply) -> dict[str, Any]:
        """Create the object. Raises TakenError if one of that name is somebody else's."""
        manifest = action.manifest
        metadata = manifest["metadata"] | {"resourceVersion": NO_VERSION_YET}
        try:
            return await self._client.apply(kind, manifest | {"metadata": metadata}, force=False)
        except ConflictError:
            live = await self._client.get(kind, action.key.namespace, action.key.name)
        if not _is_own(manifest, kind, live):
            raise TakenError(409, "Taken", _taken(action, live))
        return await self._client.apply(
            kind, manifest, force=True
        )  # our label was taken off it, or the answer was lost

    def _remember(
        self, key: SystemKey, kind: Kind, action: Apply, live: dict[str, Any]
    ) -> ChildRecord:
        self._store.put(kind, live)
        record = self._store.shelf(key).children.get(action.key)
        if record is None or record.resource_version != live["metadata"]["resourceVersion"]:
            record = child_record(kind, live)  # the watch was faster, and is further already
        accepted = Accepted(action.digest, record.fingerprint, record.generation)
        self._store.accept(key, action.key, accepted)
        metrics.APPLIES.labels(kind.name, action.why).inc()
        LOGGER.info("Applied %s: %s.", action.key, action.why)
        return record

    async def _delete(self, action: Delete) -> Failure | None:
        with logs.about_module(action.module):
            return await self._end(action)

    async def _end(self, action: Delete) -> Failure | None:
        key = action.key
        self._store.give_up(key)
        try:
            left = await self._client.delete(BY_NAME[key.kind], action)
        except NotFoundError:
            left = {}
        except ConflictError:
            return None  # it is another object by now: the watch tells, and the next plan decides
        except ApiError as error:
            LOGGER.warning("%s was not deleted: %s", key, error)
            return Failure(key, error.message, error.permanent)
        self._after_delete(action, left)
        return None

    def _after_delete(self, action: Delete, left: dict[str, Any]) -> None:
        """*left* is the object if something still holds it (a finalizer), else no object."""
        if "deletionTimestamp" in left.get("metadata", {}):
            self._store.put(BY_NAME[action.key.kind], left)
        else:
            self._store.deleted(action.key, action.uid)
        metrics.DELETES.labels(action.key.kind).inc()
        LOGGER.info("Deleted %s.", action.key)


def _parts(actions: Iterable[Apply]) -> defaultdict[str, Waves]:
    """The actions by part and wave."""
    parts: defaultdict[str, Waves] = defaultdict(dict)
    for each in actions:
        parts[_part(each)].setdefault(WAVE[each.key.kind], []).append(each)
    return parts


def _part(action: Apply) -> str:
    """The module or data service that the object belongs to, or the whole system."""
    named: Mapping[str, str] = action.manifest["metadata"].get("labels", {})
    service = named.get(labels.DATA)
    return f"{DATA_SERVICE}{service}" if service else named.get(labels.MODULE, WHOLE_SYSTEM)


def _starts_pods(action: Apply) -> bool:
    """Whether pods start by it that were not there, or acts on such pods."""
    changes_pods = WAVE[action.key.kind] == 0 and action.why == CHANGED
    return action.creates or changes_pods


def _is_own(manifest: Mapping[str, Any], kind: Kind, live: dict[str, Any]) -> bool:
    """Whether *live* is what *manifest* describes: of the same system, or data of one lineage."""
    owners = {each["uid"] for each in manifest["metadata"].get("ownerReferences", ())}
    if not owners:  # data that outlives its system
        lineages = [_lineage(each) for each in (manifest, live)]
        return bool(lineages[0]) and lineages[0] == lineages[1]
    return child_record(kind, live).owner_uid in owners


def _lineage(manifest: Mapping[str, Any]) -> str:
    found: str = manifest["metadata"].get("labels", {}).get(labels.LINEAGE, "")
    return found


def _taken(action: Apply, live: Mapping[str, Any]) -> str:
    key = action.key
    ours, theirs = (
        each["metadata"].get("labels", {}).get(labels.SYSTEM) for each in (action.manifest, live)
    )
    another = f"belongs to ArkaliaSystem {theirs}"
    whose = another if theirs not in {None, ours} else "does not belong to this system"
    return (
        f"{key} exists already and {whose}, so it is left alone: delete or rename it, or give the "
        "system or the module another name"
    )
