"""Ollama's API: `/api/chat`, `/api/generate`, `/api/tags`, `/api/version`.

A stream is one JSON object a line; as with Ollama, it is a stream unless the request says otherwise.
What Arkalia tells of an answer stands in the member `arkalia` of its last object.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from arkalia_assistantia.backends import ollama
from arkalia_assistantia.backends.completion import Whole
from arkalia_assistantia.backends.ollama import CHAT, TAGS
from arkalia_assistantia.backends.ollama_messages import is_whole
from arkalia_assistantia.chat.asking import caller_of, named_in, question_of
from arkalia_assistantia.chat.flow import Assistant, Session
from arkalia_assistantia.chat.ollama_forms import OllamaChat, OllamaPrompt
from arkalia_assistantia.chat.problems import Unanswered, told_in
from arkalia_assistantia.chat.read_as_json import ReadAsJson
from arkalia_assistantia.chat.streaming import LINES, Streamed, line, while_here

CALLS: Final = "tool_calls"
GENERATE: Final = "/api/generate"
SERVER_VERSION: Final = "/api/version"

STREAMED: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {LINES: {}}}}
"""What the description says of an answer beside one JSON document."""

Form = Callable[[dict[str, Any]], dict[str, Any]]
"""What becomes of an object of `/api/chat` in the other route."""


def routes(assistant: Assistant) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["Ollama"], route_class=ReadAsJson)

    async def answered(
        request: Request, body: OllamaChat | OllamaPrompt, asked: Mapping[str, Any], form: Form
    ) -> Response:
        begun = time.monotonic()
        named = named_in(body.model_extra or {})
        question = question_of(asked, caller_of(request), named)
        with told_in("ollama"):
            session = await while_here(request, assistant.begin(question))
            if body.stream is False:
                return JSONResponse(await _whole(request, session, form, begun))
        # Its clients read every line as an object: one without a word.
        sign = line(form(ollama.line(session.model, {}))) if session.is_told_at_once else b""
        return Streamed(_stream(session, form, begun), LINES, session.close, sign)

    @router.post(
        CHAT, summary="An answer, in Ollama's form", responses=STREAMED, response_model=None
    )
    async def chat(request: Request, body: OllamaChat) -> Response:
        told = body.model_dump(exclude_unset=True)
        asked = ollama.asked(told, told["messages"])
        return await answered(request, body, asked, dict)

    @router.post(
        GENERATE, summary="An answer to one prompt", responses=STREAMED, response_model=None
    )
    async def generate(request: Request, body: OllamaPrompt) -> Response:
        told = body.model_dump(exclude_unset=True)
        prompt = {"role": "user", "content": body.prompt, "images": body.images or []}
        system = [{"role": "system", "content": body.system}] if body.system else []
        asked = ollama.asked(told, [*system, prompt])
        return await answered(request, body, asked, _generated)

    @router.get(TAGS, summary="The models, in Ollama's form")
    async def list_tags() -> dict[str, Any]:
        listed = await assistant.steps.backends.listed()
        return {"models": [_tag(name, backend) for name, backend in listed]}

    @router.get(SERVER_VERSION, summary="The version of Arkalia, where Ollama tells its own")
    async def show_version(request: Request) -> dict[str, str]:
        return {"version": request.app.version}

    return router


async def _whole(request: Request, session: Session, form: Form, begun: float) -> dict[str, Any]:
    try:
        whole = await while_here(request, session.whole_answer())
    finally:
        session.close()
    return form({**ollama.line(session.model, _message(whole)), **_end(session, begun)})


def _message(whole: Whole) -> dict[str, Any]:
    """What *whole* says. An answer that was cut may end with half a call, which is none."""
    message = whole.messages.get(0, {})
    if whole.finish_reason != "length" or CALLS not in message:
        return message
    return {**message, CALLS: [each for each in message[CALLS] if is_whole(each)]}


async def _stream(session: Session, form: Form, begun: float) -> AsyncIterator[bytes]:
    try:
        with told_in("ollama"):
            async for chunk in session.chunks():
                [first, *_] = chunk["choices"]
                if delta := {key: first["delta"][key] for key in first["delta"] if key != CALLS}:
                    yield line(form(ollama.line(session.model, delta)))
            # They come in pieces, and a client of Ollama reads each as a whole.
            if calls := _message(session.whole).get(CALLS):
                yield line(form(ollama.line(session.model, {CALLS: calls})))
    except Unanswered as problem:
        yield line({"error": problem.members["error"]})
        return
    yield line(form({**ollama.line(session.model, {}), **_end(session, begun)}))


def _end(session: Session, begun: float) -> dict[str, Any]:
    told = session.told.model_dump() if session.told else {}
    return ollama.end(session.whole, told, begun)


def _generated(told: dict[str, Any]) -> dict[str, Any]:
    message = told["message"]
    thinking = {"thinking": message["thinking"]} if "thinking" in message else {}
    said = {"response": message["content"], **thinking}
    # In the place of the message: the gateway reads at the end what it has cost.
    places = ((said if name == "message" else {name: each}) for name, each in told.items())
    return {name: each for place in places for name, each in place.items()}


def _tag(name: str, backend: str) -> dict[str, Any]:
    details = {"parent_model": "", "format": "", "family": backend, "families": [backend]}
    return {
        "name": name,
        "model": name,
        "modified_at": ollama.now(),
        "size": 0,
        "digest": "",
        "details": {**details, "parameter_size": "", "quantization_level": ""},
    }
