"""Arkalia's own way to ask: `POST /chat`.

An answer is one document, or a stream of server-sent events: `word` for each part of the text, and
`end` with everything that is told beside it, or `problem`.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from arkalia_assistantia.chat.asking import caller_of, question_of
from arkalia_assistantia.chat.attaching import MOST_FILES
from arkalia_assistantia.chat.flow import Assistant, Session
from arkalia_assistantia.chat.problems import Unanswered, told_in
from arkalia_assistantia.chat.streaming import COMMENT, EVENTS, Streamed, event, while_here
from arkalia_assistantia.chat.told import Told
from arkalia_assistantia.conversations.forms import ID, LONGEST_ID
from arkalia_assistantia.uploads.forms import ID as FILE_ID
from arkalia_runtime import logs
from arkalia_runtime.ids import new_id

CHAT = "/chat"

Language = Literal["en", "fr", "de", "es", "it", "pt", "nl"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Said(_Form):
    """One message of the conversation so far."""

    role: Literal["system", "user", "assistant"]
    content: str


class Text(_Form):
    """A text that the answer may stand on."""

    name: Annotated[str, Field(max_length=253)] = "context"
    text: str


class Chat(_Form):
    """A question."""

    message: Annotated[str, Field(min_length=1)]
    """What is asked."""
    model: Annotated[str, Field(max_length=255)] = ""
    """A model or an alias; none: the first that there is."""
    conversation_id: Annotated[str, Field(max_length=LONGEST_ID, pattern=f"^$|{ID}")] = ""
    """The conversation that the question belongs to; none: a new one."""
    keep: bool = True
    """Whether question and answer shall be kept in it."""
    history: Annotated[list[Said], Field(max_length=500)] = []
    """What was said before; none: what is kept of the conversation."""
    context: Annotated[list[Text], Field(max_length=100)] = []
    """Texts that the answer may stand on. They are shown to the model as such, and the answer is held
    against them."""
    files: Annotated[
        list[Annotated[str, Field(pattern=FILE_ID)]], Field(max_length=MOST_FILES)
    ] = []
    """Uploaded texts that the answer may stand on, by id."""
    language: Language | None = None
    """In which language the answer has to be; none: in any."""
    most_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How long the answer may be."""
    stream: bool = False


class ChatAnswer(Told):
    """An answer, and all that is told beside it."""

    answer: str
    finish_reason: str
    """`stop`, `length`, or `content_filter` for an answer that is withheld."""


def routes(assistant: Assistant) -> APIRouter:
    """`/chat`."""
    router = APIRouter(tags=["chat"])

    @router.post(
        CHAT,
        summary="An answer with its score, at once or as it is said",
        responses={200: {"model": ChatAnswer, "content": {EVENTS: {}}}},
        response_model=None,
    )
    async def chat(request: Request, body: Chat) -> Response:
        conversation = body.conversation_id or str(new_id())
        context = [each.model_dump() for each in body.context]
        question = question_of(
            _asked(body),
            caller_of(request),
            conversation,
            context=context,
            language=body.language,
            keeps=body.keep,
            continues=bool(body.conversation_id) and not body.history,
        )
        with told_in("native"):
            session = await while_here(request, assistant.begin(question))
            if not body.stream:
                return JSONResponse(await _whole(request, session))
        sign = COMMENT if session.is_told_at_once else b""
        return Streamed(_stream(session), EVENTS, session.close, sign)

    return router


def _asked(body: Chat) -> dict[str, Any]:
    """*body* in OpenAI's form; its context stands beside it."""
    messages: list[dict[str, Any]] = [each.model_dump() for each in body.history]
    messages.append({"role": "user", "content": _content(body)})
    limit = {"max_tokens": body.most_tokens} if body.most_tokens else {}
    return {"model": body.model, "messages": messages, **limit}


def _content(body: Chat) -> str | list[dict[str, Any]]:
    """What is asked; files stand in it as OpenAI's API names them."""
    if not body.files:
        return body.message
    named = [{"type": "file", "file": {"file_id": each}} for each in body.files]
    return [{"type": "text", "text": body.message}, *named]


async def _whole(request: Request, session: Session) -> dict[str, Any]:
    try:
        whole = await while_here(request, session.whole_answer())
    finally:
        session.close()
    assert session.told is not None  # noqa: S101 - the whole answer was taken
    said = {"answer": whole.text.strip(), "finish_reason": whole.finish_reason}
    return said | session.told.model_dump()  # the gateway reads at the end what it has cost


async def _stream(session: Session) -> AsyncIterator[bytes]:
    try:
        with told_in("native"):
            async for chunk in session.chunks():
                for choice in chunk["choices"]:
                    if text := choice["delta"].get("content"):
                        yield event({"text": text}, "word")
    except Unanswered as problem:
        told = {"status": problem.status_code, "code": problem.code, "detail": problem.detail}
        yield event({**told, "request_id": logs.request_id.get()}, "problem")
        return
    told = session.told.model_dump() if session.told else {}
    yield event({**told, "finish_reason": session.whole.finish_reason}, "end")
