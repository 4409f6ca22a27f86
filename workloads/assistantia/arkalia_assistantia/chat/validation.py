"""The validation of an answer: its own last layer, and what the validating module says of it.

An answer is worth more than its score: who cannot be asked in time is named, and the answer is told.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from arkalia_assistantia.backends.completion import Whole
from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.told import AnswerReason, AnswerTold
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.validating import Answer, Inspected, Validating
from arkalia_runtime import deadline
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

PATH: Final = "/validate"
NO_TEXT: Final = "The answer has no text."
WITHOUT_LIMIT: Final = float("inf")
SHARE_OF_THE_REST: Final = 0.5
"""Of the time that whoever asks gives: the answer has to be kept, and told, in the rest."""
LONGEST: Final = 65_536
"""Characters of an answer that are sent; sandozia looks at fewer."""


class _Reason(BaseModel):
    check: str
    wrong: str


class _Outcome(BaseModel):
    """What of the module's answer is needed."""

    validation_score: float
    reasons: list[_Reason]
    recorded: bool


class Validator:
    """Asks the validating module. A part of the service."""

    def __init__(self, settings: AssistantSettings, validating: Validating) -> None:
        self.calls = {settings.validation_module: PATH}
        """What the module's description says it calls."""
        self._settings = settings
        self._validating = validating
        self._metrics: Metrics | None = None
        self._client: Calls | None = None

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how the calls end."""
        self._metrics = metrics

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Be able to ask, during the block."""
        assert self._metrics is not None  # noqa: S101 - the app measures its parts when it is made
        async with Calls(self._settings, self._metrics) as self._client:
            yield

    async def validated(self, question: Question, whole: Whole) -> tuple[AnswerTold, bool]:
        """What is said of the answer *whole*, and whether that is on record.

        The score is that of the first choice's text; whether something is given away counts everywhere.
        """
        text, everything = whole.text, whole.everything
        if not everything.strip():
            return AnswerTold(status="not_applicable", detail=NO_TEXT), False
        inspected = await self._validating.inspected(
            Answer(text=everything, instructions=question.instructions, canary=question.canary)
        )
        own = [
            AnswerReason(check=f"{each.layer}/{each.reason}", message=each.message)
            for each in inspected.reasons
        ]
        if not text.strip():
            verdict = inspected.verdict
            told = AnswerTold(status="not_applicable", verdict=verdict, reasons=own, detail=NO_TEXT)
            return told, False
        try:
            outcome = await self._asked(question, text)
        except CallError as error:
            return _unavailable(str(error.detail), own, inspected), False
        reasons = [AnswerReason(check=each.check, message=each.wrong) for each in outcome.reasons]
        told = AnswerTold(
            status="validated",
            score=outcome.validation_score,
            verdict=inspected.verdict,
            reasons=[*own, *reasons],
        )
        return told, outcome.recorded

    async def _asked(self, question: Question, text: str) -> _Outcome:
        assert self._client is not None  # noqa: S101 - requests come while it is open
        module = self._settings.validation_module
        left = deadline.left(WITHOUT_LIMIT)
        seconds = min(self._settings.validation_seconds, left * SHARE_OF_THE_REST)
        answer = await self._client.to(module).request(
            "POST", PATH, timeout_seconds=seconds, json=_asking(question, text)
        )
        try:
            return _Outcome.model_validate_json(answer.content)
        except ValidationError:
            raise UnusableError(module, answer.status_code) from None


class UnusableError(CallError):
    """The module answered something else than an outcome."""

    outcome = "unusable"

    def __init__(self, callee: str, status: int) -> None:
        super().__init__(callee, f"{callee} answers {status} to the validation of an answer.")


def _unavailable(detail: str, own: list[AnswerReason], inspected: Inspected) -> AnswerTold:
    return AnswerTold(status="unavailable", detail=detail, verdict=inspected.verdict, reasons=own)


def _asking(question: Question, text: str) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "answer": text[:LONGEST],
        "prompt": question.prompt[:LONGEST],
        "conversation": question.conversation_so_far(),
        "context": [dict(each) for each in question.context],
        "record": {"conversation_id": question.conversation, "message_id": question.message},
    }
    if question.language:
        asked["language"] = question.language
    if question.wants_json:
        asked["format"] = {"form": "json"}
    return asked
