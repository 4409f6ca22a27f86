"""OpenAI's API: `/v1/chat/completions`, `/v1/models`, `/v1/models/*`, `/v1/embeddings`.

Members that are not known are passed on to the model server. What Arkalia tells of an answer stands in
its member `arkalia`, which clients of OpenAI pass over.
"""

import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from arkalia_assistantia.backends.completion import Chunk
from arkalia_assistantia.backends.openai import CHAT, EMBEDDINGS, MODELS, OWN
from arkalia_assistantia.backends.openai import DONE as END
from arkalia_assistantia.backends.pool import MODEL_NOT_FOUND
from arkalia_assistantia.chat.asking import caller_of, question_of
from arkalia_assistantia.chat.flow import Assistant, Session
from arkalia_assistantia.chat.openai_forms import Completion, Embedding, StreamOptions
from arkalia_assistantia.chat.problems import Unanswered, told_in
from arkalia_assistantia.chat.streaming import COMMENT, EVENTS, Streamed, event, while_here

DONE: Final = END.decode()
DIALECT: Final = "openai"


def routes(assistant: Assistant) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["OpenAI"])

    @router.post(
        CHAT,
        summary="An answer, in OpenAI's form",
        responses={200: {"content": {EVENTS: {}}}},
        response_model=None,
    )
    async def complete(request: Request, body: Completion) -> Response:
        asked = body.model_dump(exclude_unset=True)
        question = question_of(asked, caller_of(request))
        with told_in(DIALECT):
            session = await while_here(request, assistant.begin(question))
            if not body.stream:
                return JSONResponse(await _whole(request, session))
        options = body.stream_options or StreamOptions()
        stream = _stream(session, with_usage=options.include_usage)
        sign = COMMENT if session.is_told_at_once else b""
        return Streamed(stream, EVENTS, session.close, sign)

    @router.get(MODELS, summary="The models and their other names")
    async def list_models() -> dict[str, Any]:
        listed = await assistant.steps.backends.listed()
        return {"object": "list", "data": [_model(*each) for each in listed]}

    @router.get(f"{MODELS}/{{model:path}}", summary="One model, or another name of one")
    async def show_model(model: str) -> dict[str, Any]:
        listed = dict(await assistant.steps.backends.listed())
        if model not in listed:
            detail = f"There is no model {model}: there are {', '.join(listed) or 'none now'}."
            raise Unanswered(DIALECT, HTTPStatus.NOT_FOUND, MODEL_NOT_FOUND, detail)
        return _model(model, listed[model])

    @router.post(EMBEDDINGS, summary="Texts as vectors", response_model=None)
    async def embed(request: Request, body: Embedding) -> Response:
        asked = body.model_dump(exclude_unset=True)
        with told_in(DIALECT):
            giving = assistant.steps.backends.embeddings(asked, caller_of(request).user)
            _, found = await while_here(request, giving)
        return Response(_with_usage_last(found), media_type="application/json")

    return router


def _with_usage_last(found: Any) -> bytes:
    """*found* as JSON. What it has cost stands at its end: there the gateway looks."""
    if isinstance(found, dict) and "usage" in found:
        found = {
            **{key: value for key, value in found.items() if key != "usage"},
            "usage": found["usage"],
        }
    return orjson.dumps(found)


def _model(name: str, backend: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": backend}


async def _whole(request: Request, session: Session) -> dict[str, Any]:
    try:
        whole = await while_here(request, session.whole_answer())
    finally:
        session.close()
    usage = {"usage": whole.usage} if whole.usage else {}
    told = session.told.model_dump() if session.told else None
    return {
        **_head(session, "chat.completion"),
        "choices": whole.choices(),
        **usage,
        OWN: told,
    }


async def _stream(session: Session, *, with_usage: bool) -> AsyncIterator[bytes]:
    head = _head(session, "chat.completion.chunk")
    try:
        with told_in(DIALECT):
            async for chunk in session.chunks():
                yield event({**chunk, **head})
    except Unanswered as problem:
        yield event({"error": problem.members["error"]})
        return
    for last in _ends(session, with_usage=with_usage):
        yield event({**head, **last})
    yield event(DONE)


def _ends(session: Session, *, with_usage: bool) -> list[Chunk]:
    """The last chunks: the end of the answer, and its numbers if they were asked for."""
    whole = session.whole
    choices: list[dict[str, Any]] = [
        {"index": index, "delta": {}, "finish_reason": whole.finished.get(index)}
        for index in sorted(whole.messages)
    ]
    ends: list[Chunk] = [{"choices": choices}]
    if with_usage:
        ends.append({"choices": [], "usage": whole.usage})
    ends[-1][OWN] = session.told.model_dump() if session.told else None
    return ends


def _head(session: Session, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{session.question.message}",
        "object": kind,
        "created": int(time.time()),
        "model": session.model,
    }
