"""`/control/actions`: takes orders, tells what has become of them, ends them.

The guard lets nobody in here whom `callers.json` does not name for these paths, not even where a
service is for everybody.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from arkalia_contract import endpoints
from arkalia_contract.control import Order, Outcome
from arkalia_runtime.control.actions import Actions

ONE: Final = f"{endpoints.CONTROL_ACTIONS}/{{order_id}}"


class OrderBody(BaseModel):
    """An order as it is sent."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")
    verb: str = Field(max_length=63)
    arguments: dict[str, Any] = Field(default_factory=dict)
    until: datetime
    reason: str = Field(default="", max_length=1024)


class Known(BaseModel):
    """Every order that this pod knows."""

    actions: list[Outcome]


def routes(actions: Actions) -> APIRouter:
    """The routes, for *actions*."""
    router = APIRouter(tags=["control"])

    @router.post(endpoints.CONTROL_ACTIONS, summary="Let the service act on itself")
    async def begin(body: OrderBody, response: Response) -> Outcome:
        outcome, is_new = await actions.begin(Order(**body.model_dump()))
        response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return outcome

    @router.get(endpoints.CONTROL_ACTIONS, summary="The actions that this pod knows")
    async def read_all() -> Known:
        return Known(actions=actions.all())

    @router.get(ONE, summary="What has become of an action")
    async def read_one(order_id: str) -> Outcome:
        return actions.outcome(order_id)

    @router.delete(ONE, summary="End an action before its time")
    async def end(order_id: str) -> Outcome:
        return await actions.end(order_id)

    return router
