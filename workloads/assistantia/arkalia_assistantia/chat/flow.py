"""The way of one question: check the prompt, ask a model, pass on what it says, validate, keep, tell.

A question that the policy blocks asks no model. With the policy `Block` an answer is told after it was
validated, as a whole; otherwise as it comes, and the score at its end.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from arkalia_assistantia.backends.answering import Answering
from arkalia_assistantia.backends.completion import Chunk, Whole
from arkalia_assistantia.backends.errors import BrokenError
from arkalia_assistantia.backends.pool import Asked, Backends
from arkalia_assistantia.chat.attaching import Attaching
from arkalia_assistantia.chat.checking import BlockedError, checked
from arkalia_assistantia.chat.instructing import Instructing
from arkalia_assistantia.chat.keeping import Keeper, Said
from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.record import Recorder
from arkalia_assistantia.chat.told import (
    AnswerTold,
    KeptTold,
    PromptTold,
    Timings,
    Tokens,
    Told,
)
from arkalia_assistantia.chat.validation import Validator
from arkalia_assistantia.prompts.validation import Policy
from arkalia_assistantia.validating import Validating
from arkalia_runtime import deadline, logs

logger: Final = logging.getLogger(__name__)

WITHHELD: Final = "content_filter"
"""Why an answer ends that is not told: OpenAI's word."""
LEFT: Final = "cancelled"
"""Why an answer ends whose client has left."""
BROKEN: Final = "error"
"""Why an answer ends that its model has not ended."""
MOST_ENDINGS: Final = 1000
"""Answers that have ended, and whose event is being written."""
ENDINGS_SECONDS: Final = 5.0
"""How long they are waited for when the assistant stops: each gives up earlier by itself."""
MOST_BYTES: Final = 4_194_304
"""Of one answer, as JSON. In memory log probabilities take five times as much, and a server gives eight
answers at once (`answers_at_once`): a pod has 256 MiB."""


@dataclass(frozen=True)
class Steps:
    """Who does what on the way."""

    validating: Validating
    backends: Backends
    validator: Validator
    recorder: Recorder
    keeper: Keeper
    instructing: Instructing
    attaching: Attaching


class Assistant:
    """Answers questions."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.policy: Policy = steps.validating.policy
        self._endings: set[asyncio.Task[tuple[bool, KeptTold]]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let what has ended in the block be told and kept before its end."""
        try:
            yield
        finally:
            if self._endings:
                _, left = await asyncio.wait(self._endings, timeout=ENDINGS_SECONDS)
                if left:
                    logger.error(
                        "Answers are neither told nor kept: %s were not in time.", len(left)
                    )

    def end(
        self, ending: Coroutine[Any, Any, tuple[bool, KeptTold]]
    ) -> asyncio.Future[tuple[bool, KeptTold]]:
        """Let *ending* go on to its end, whoever leaves meanwhile."""
        task = asyncio.ensure_future(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return asyncio.shield(task)

    @property
    def is_full(self) -> bool:
        """Whether too many answers are ending: the database is away or too slow."""
        return len(self._endings) >= MOST_ENDINGS

    async def begin(self, question: Question) -> "Session":
        """The answer to *question*, with its first word said.

        Raises BlockedError, NoAnswerError, RefusedError, NotAttachedError or UploadsAwayError.
        """
        start = time.monotonic()
        question = self.steps.instructing.instructed(question)
        question = await self.steps.attaching.attached(question)
        question = await self.steps.keeper.continued(question)
        told = await checked(question, self.steps.validating)
        recording = asyncio.ensure_future(self.steps.recorder.checked(question, told))
        if told.verdict == "blocked":
            await recording
            raise BlockedError(told)
        answering, recorded = await self._begun(question, recording)
        return Session(self, question, answering, (told, recorded, start))

    async def _begun(
        self, question: Question, recording: asyncio.Future[bool]
    ) -> tuple[Answering, bool]:
        """Who answers, and whether the check is on record: known before a word is passed on."""
        asked = Asked(question.asked, question.conversation, question.owner)
        try:
            answering = await self.steps.backends.begin(asked)
        except BaseException:
            await recording
            raise
        try:
            return answering, await recording
        except BaseException:
            answering.close()
            raise


class Session:
    """One answer, as it is said. Whoever has one closes it."""

    def __init__(
        self,
        assistant: Assistant,
        question: Question,
        answering: Answering,
        before: tuple[PromptTold, bool, float],
    ) -> None:
        self._assistant = assistant
        self._answering = answering
        self._prompt, self._recorded, self._start = before
        self.question = question
        self.whole = Whole()
        self._is_whole = False
        self._ending: asyncio.Future[tuple[bool, KeptTold]] | None = None
        self.told: Told | None = None
        """What is told beside the answer; there once all chunks were taken."""

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._answering.choice.model

    @property
    def is_told_at_once(self) -> bool:
        """Whether nothing of it is told before it was validated."""
        return self._is_whole or self._assistant.policy == "Block"

    async def chunks(self) -> AsyncIterator[Chunk]:
        """What the model says, without its end. Raises BrokenError."""
        self.whole.keeps_logprobs |= self.is_told_at_once
        try:
            async for chunk in self._said_chunks():
                if not self.is_told_at_once and (shown := _without_end(chunk)):
                    yield shown
        except BrokenError:
            await self._ended(BROKEN)
            raise
        self.told = await self._concluded()
        if self.told.validation.verdict == "blocked":
            self.whole = _withheld(self.whole)
        elif self.is_told_at_once:
            yield self.whole.as_chunk()

    async def _said_chunks(self) -> AsyncIterator[Chunk]:
        """All that the model says, as far as there is room for it."""
        async for chunk in self._answering.chunks():
            self.whole.add(chunk)
            yield chunk
            if self.whole.size > MOST_BYTES:
                logger.warning("An answer is cut: it has more than %s bytes.", MOST_BYTES)
                self.whole.cut()
                self._answering.close("assistant")
                return

    async def whole_answer(self) -> Whole:
        """The answer, once it is there."""
        self._is_whole = True
        async for _ in self.chunks():
            pass
        return self.whole

    def close(self) -> None:
        """End it: a model that has more to say is stopped."""
        self._answering.close()
        if self._ending is not None:
            return
        if self._assistant.is_full:
            message = (
                "An answer whose client has left is not kept: %s others wait for the database."
            )
            logger.error(message, MOST_ENDINGS)
            return
        self._ended(LEFT)

    async def _concluded(self) -> Told:
        ended = time.monotonic()
        if self.question.given and self._assistant.policy == "Block":
            self.whole.forget_thoughts()  # they quote what the model was told
        validation, validation_recorded = await self._assistant.steps.validator.validated(
            self.question, self.whole
        )
        seconds = time.monotonic() - ended
        told, kept = await self._ended(self.whole.finish_reason or "stop", validation)
        is_needless = validation.status == "not_applicable"
        recorded = self._recorded and told and (validation_recorded or is_needless)
        return self._told(validation, kept, recorded=recorded, seconds=seconds)

    def _ended(
        self, reason: str, validation: AnswerTold | None = None
    ) -> Awaitable[tuple[bool, KeptTold]]:
        """Tell that the answer has ended, and keep it: once, also if the client leaves meanwhile."""
        if self._ending is None:
            said = self._said(reason, validation)
            self._ending = self._assistant.end(self._tell_and_keep(reason, said))
        return self._ending

    async def _tell_and_keep(self, reason: str, said: Said) -> tuple[bool, KeptTold]:
        deadline.begin("")  # what was said is kept, however little time whoever asks has left
        keeping = self._assistant.steps.keeper.keep(self.question, said)
        return await asyncio.gather(self._tell_answered(reason), keeping)

    def _said(self, reason: str, validation: AnswerTold | None) -> Said:
        """The answer as it is kept: as the client was told it."""
        is_withheld = validation is not None and validation.verdict == "blocked"
        return Said(
            text="" if is_withheld else self.whole.text.strip(),
            finish_reason=WITHHELD if is_withheld else reason,
            model=self.model,
            backend=self._answering.choice.backend.name,
            prompt=self._prompt,
            verdict=validation.verdict if validation else None,
            score=validation.score if validation else None,
            prompt_tokens=self.whole.count("prompt_tokens"),
            completion_tokens=self.whole.count("completion_tokens"),
        )

    def _told(
        self, validation: AnswerTold, kept: KeptTold, *, recorded: bool, seconds: float
    ) -> Told:
        choice, whole = self._answering.choice, self.whole
        tokens = Tokens(
            prompt=whole.count("prompt_tokens"), completion=whole.count("completion_tokens")
        )
        backends = self._assistant.steps.backends
        backends.note_tokens(choice.backend.name, tokens.prompt, tokens.completion)
        return Told(
            conversation_id=self.question.conversation,
            message_id=self.question.message,
            request_id=logs.request_id.get() or "",
            trace_id=logs.trace_id.get(),
            model=choice.model,
            backend=choice.backend.name,
            prompt=self._prompt,
            validation=validation,
            tokens=tokens,
            timings=Timings(
                queue=round(self._answering.waited_seconds, 6),
                first_word=round(self._answering.first_seconds, 6),
                validation=round(seconds, 6),
                total=round(time.monotonic() - self._start, 6),
            ),
            kept=kept,
            recorded=recorded,
        )

    async def _tell_answered(self, reason: str) -> bool:
        choice, whole = self._answering.choice, self.whole
        data: dict[str, Any] = {
            "model": choice.model,
            "backend": choice.backend.name,
            "finish_reason": reason,
            "duration_seconds": round(time.monotonic() - self._start, 3),
        }
        for name in ("prompt_tokens", "completion_tokens"):
            if (count := whole.count(name)) is not None:
                data[name] = count
        return await self._assistant.steps.recorder.answered(self.question, data)


def _without_end(chunk: Chunk) -> Chunk | None:
    """*chunk* without its end and its numbers, which come with what is told; None if that is all."""
    choices = [
        {**choice, "finish_reason": None}
        for choice in chunk.get("choices") or ()
        if any(value for value in (choice.get("delta") or {}).values())
    ]
    left = {key: value for key, value in chunk.items() if key not in ("usage", "timings")}
    return {**left, "choices": choices} if choices else None


def _withheld(whole: Whole) -> Whole:
    """An answer in whose place nothing is told."""
    return Whole(
        messages={index: {"role": "assistant", "content": ""} for index in whole.messages},
        finished=dict.fromkeys(whole.messages, WITHHELD),
        usage=whole.usage,
    )
