"""What the gateway has judged becomes events: here, because the gateway keeps no database."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from arkalia_contract import access
from arkalia_runtime import logs
from arkalia_security.ground import Ground

JUDGED: Final = "io.arkalia.access.judged"

Text = Annotated[str, Field(max_length=access.LONGEST_JUDGED)]


class Judgement(BaseModel):
    """A decision about requests that were alike."""

    model_config = ConfigDict(extra="forbid")

    user: Annotated[str, Field(max_length=access.LONGEST_USER)]
    key: Text
    route: Text
    method: Text
    allowed: bool
    reason: Text
    client: Text
    count: int = Field(ge=1)


Judgements = Annotated[list[Judgement], Body(max_length=access.JUDGEMENTS_AT_ONCE)]


def routes(ground: Ground) -> APIRouter:
    """What the gateway tells."""
    router = APIRouter(tags=["gateway"])

    @router.post(
        access.JUDGEMENTS, status_code=HTTPStatus.NO_CONTENT, summary="Take what was judged"
    )
    async def take(told: Judgements) -> None:
        # Each stands for many requests: the id and the trace of this one, which tells of them, would
        # pass for theirs.
        logs.traceparent.set(None)
        async with ground.database.transaction() as connection:
            for each in told:
                await ground.outbox.publish(connection, JUDGED, each.user, _data(each))
        for each in told:
            ground.measures.judgements.labels(str(each.allowed).lower()).inc(each.count)

    return router


def _data(told: Judgement) -> dict[str, object]:
    return {
        "user_id": told.user,
        "allowed": told.allowed,
        "route": told.route,
        "method": told.method,
        "client_address": told.client,
        "count": told.count,
        **({"key_id": told.key} if told.key else {}),
        **({"reason": told.reason} if told.reason else {}),
    }
