"""What came of ArkaliaActions, written into their status; those that are done end after a while."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from arkalia_operator.api.arkaliaaction import ArkaliaActionStatus
from arkalia_operator.api.resources import ACTION_KIND, ArkaliaAction, ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kinds import ACTION
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.errors import ApiError, ForbiddenError, is_gone
from arkalia_operator.planning.actions import Delete
from arkalia_operator.planning.approval import answers, outlived
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.runtime.resources import Resources

LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Actions:
    """The ArkaliaActions of the cluster, as they are answered."""

    client: Client
    resources: Resources

    def on(self, key: SystemKey) -> list[ArkaliaAction]:
        """Those about the system *key*."""
        return self.resources.actions_on(*key)

    async def answer(self, key: SystemKey, system: ArkaliaSystem) -> None:
        """Tell what came of those about *system*, whose status is written. Raises ApiError."""
        found = self.on(key)
        for action, status in answers(found, system):
            try:
                await self._tell(action, status)
            except ForbiddenError as error:
                LOGGER.warning("%s %s is not answered: %s", ACTION_KIND, action.name, error)
                continue
            except ApiError as error:
                if not is_gone(error):
                    raise
                continue  # or another one of its name: its own news tells
            LOGGER.info("%s %s: %s", ACTION_KIND, action.name, status.message)
        await self._end(outlived(found))

    async def _tell(self, action: ArkaliaAction, status: ArkaliaActionStatus) -> None:
        metadata = {"namespace": action.namespace, "name": action.name, "uid": action.uid}
        manifest = {
            "apiVersion": ACTION.api_version,
            "kind": ACTION.name,
            "metadata": metadata,
            "status": status.model_dump(mode="json", by_alias=True),
        }
        self.resources.actions.put(await self.client.apply_status(ACTION, manifest))

    async def _end(self, actions: Iterable[ArkaliaAction]) -> None:
        for each in actions:
            key = ObjectKey(ACTION_KIND, each.namespace, each.name)
            try:
                await self.client.delete(ACTION, Delete(key, each.uid))
            except ApiError as error:
                if not (is_gone(error) or isinstance(error, ForbiddenError)):
                    raise
