"""`/conversations` and `/export`: what the owner of conversations can do with them."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from arkalia_assistantia.conversations.forms import (
    ID,
    LONGEST_ID,
    Conversation,
    Deleted,
    Page,
)
from arkalia_assistantia.conversations.store import (
    AT_ONCE,
    ConversationKey,
    Mark,
    Store,
    mark_in,
    text_of,
)
from arkalia_assistantia.owners import Owner
from arkalia_runtime.problems import Problem

LINES: Final = "application/x-ndjson"
FILE: Final = {"Content-Disposition": 'attachment; filename="conversations.jsonl"'}
MARK: Final = r"^[0-9]{1,17}\.[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"


Id = Annotated[str, Path(pattern=ID, max_length=LONGEST_ID)]
Before = Annotated[str | None, Query(pattern=MARK, description="`next` of the page before.")]


def routes(store: Store, retention_days: int) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["conversations"])

    @router.get("/conversations", summary="Your conversations, the newest first")
    async def read_all(
        owner: Owner, before: Before = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Page:
        mark = mark_in(before) if before else None
        found = await store.listed(owner, mark, limit)
        more = text_of(Mark.of(found[-1])) if len(found) == limit else None
        return Page(conversations=found, next=more, retention_days=retention_days)

    @router.get("/conversations/{conversation_id}", summary="A conversation, and all that was said")
    async def read_one(conversation_id: Id, owner: Owner) -> Conversation:
        found = await store.read(ConversationKey(owner, conversation_id))
        if found is None:
            raise _missing(conversation_id)
        return found

    @router.get(
        "/export",
        summary="All your conversations, one JSON object a line",
        responses={200: {"content": {LINES: {}}, "model": Conversation}},
        response_model=None,
    )
    async def export(owner: Owner) -> Response:
        # Whether the database is there shows before the answer has begun.
        first = await store.listed(owner, None, AT_ONCE)
        return StreamingResponse(_lines(store.every(owner, first)), media_type=LINES, headers=FILE)

    @router.delete(
        "/conversations/{conversation_id}",
        status_code=HTTPStatus.NO_CONTENT,
        summary="Delete a conversation",
    )
    async def delete_one(conversation_id: Id, owner: Owner) -> None:
        if not await store.delete(ConversationKey(owner, conversation_id)):
            raise _missing(conversation_id)

    @router.delete("/conversations", summary="Delete all your conversations")
    async def delete_all(owner: Owner) -> Deleted:
        return Deleted(deleted=await store.delete_all(owner))

    return router


def _missing(conversation_id: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"You have no conversation {conversation_id}.")


async def _lines(conversations: AsyncIterator[Conversation]) -> AsyncIterator[bytes]:
    async for each in conversations:
        yield each.model_dump_json().encode() + b"\n"
