"""ArkaliaAction: news goes to the intake, which remembers it and wakes the system it is about."""

from __future__ import annotations

from typing import Any

import kopf

from arkalia_operator.api import GROUP, VERSION
from arkalia_operator.api.resources import ACTION_PLURAL
from arkalia_operator.cluster.versions import number
from arkalia_operator.runtime.cache import place
from arkalia_operator.runtime.intake import Intake


def register(registry: kopf.OperatorRegistry, intake: Intake) -> None:
    """Send every event of an ArkaliaAction to *intake*."""

    @kopf.on.event(GROUP, VERSION, ACTION_PLURAL, registry=registry)
    async def action(event: kopf.RawEvent, **_: Any) -> None:
        body = event["object"]
        if event["type"] == "DELETED":
            intake.action_gone(place(body), number(body["metadata"]["resourceVersion"]))
        else:
            intake.action(body)
