"""What becomes of a question and its answer afterwards: they are kept for whoever asked.

An answer is worth more than its being kept. While the database is away questions are answered without
what was said before, and the answer says that it is not kept; nothing of it is written then.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import psycopg
from prometheus_client import Counter

from arkalia_assistantia.chat.questions import OF_THE_SYSTEM, OF_TOOLS, Question, text_of
from arkalia_assistantia.chat.told import KeptTold, PromptTold
from arkalia_assistantia.conversations.forms import Message, Role
from arkalia_assistantia.conversations.store import ConversationKey, FullError, Store
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.ids import new_id
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

KEEP_SECONDS: Final = 1.0
"""How long an answer waits for it to be kept, and a question for what was said before."""
UNAVAILABLE: Final = "The database cannot be used now: question and answer are not kept."


@dataclass(frozen=True)
class Said:
    """An answer, as it is kept."""

    text: str
    finish_reason: str
    model: str
    backend: str
    prompt: PromptTold
    verdict: str | None = None
    score: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Keeper:
    """Keeps conversations, where there is somebody whose they are. A part of the service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers = Counter(
            "arkalia_conversation_answers",
            "Answers, by what became of them: kept, not asked for, no room, database unavailable.",
            ("outcome",),
            registry=None,
        )

    def open(self) -> AbstractAsyncContextManager[None]:
        """Nothing has to be held."""
        return nullcontext()

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how many were kept."""
        metrics.registry.register(self._answers)

    async def continued(self, question: Question) -> Question:
        """*question* after what was said in its conversation before."""
        if not question.continues or not question.owner:
            return question
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                turns = await self._store.last(_key_of(question))
        except (DatabaseError, TimeoutError) as error:
            logger.warning("A conversation goes on without its beginning: %r", error)
            return replace(question, remembered=None)
        before = [{"role": role, "content": text} for role, text in turns]
        body = {**question.body, "messages": [*before, *question.messages]}
        return replace(question, body=body, remembered=len(before))

    async def keep(self, question: Question, said: Said) -> KeptTold:
        """What became of *question* and what was *said* to it."""
        told = await self._kept(question, said)
        self._answers.labels(told.status).inc()
        return told

    async def _kept(self, question: Question, said: Said) -> KeptTold:
        remembered = question.remembered
        if why := _not_asked(question):
            return KeptTold(status="not_asked", detail=why, remembered=remembered)
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._store.keep(_key_of(question), list(messages_of(question, said)))
        except FullError as error:
            return KeptTold(status="full", detail=str(error), remembered=remembered)
        except (DatabaseError, TimeoutError) as error:
            logger.warning("An answer was not kept: %r", error)
            return KeptTold(status="unavailable", detail=UNAVAILABLE, remembered=remembered)
        except psycopg.Error:
            logger.exception("An answer was not kept.")
            return KeptTold(status="unavailable", detail=UNAVAILABLE, remembered=remembered)
        return KeptTold(status="kept", remembered=remembered)


def messages_of(question: Question, said: Said) -> Iterator[Message]:
    """What was new in *question*, and what was *said* to it, as they are kept."""
    now = datetime.now(UTC)
    for each in question.new_messages:
        role = _role(str(each.get("role")))
        verdict = said.prompt.verdict if role == "user" else None
        text = text_of(each)
        yield Message(id=str(new_id()), role=role, text=text, verdict=verdict, created_at=now)
    yield Message(
        id=question.message,
        role="assistant",
        text=said.text,
        model=said.model,
        backend=said.backend,
        finish_reason=said.finish_reason,
        score=said.score,
        verdict=said.verdict,
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        created_at=now,
    )


def _not_asked(question: Question) -> str:
    if not question.owner:
        return "The gateway names no user whose conversation it could be."
    return "" if question.keeps else "The request names no conversation, or asks not to be kept."


def _key_of(question: Question) -> ConversationKey:
    return ConversationKey(question.owner, question.conversation)


def _role(role: str) -> Role:
    if role in OF_THE_SYSTEM:
        return "system"
    return "tool" if role in OF_TOOLS else "user"
