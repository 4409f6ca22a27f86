"""`/validate` and `/validate/answer`: the layers of the validation, for whoever has a text.

What a text says is told to nobody but the caller: neither the log nor a metric holds any of it.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from arkalia_assistantia.measures import Measures
from arkalia_assistantia.prompts import answers
from arkalia_assistantia.prompts.findings import SUSPICIOUS, Finding, Layer, score_of
from arkalia_assistantia.prompts.normalisation import cleaned
from arkalia_assistantia.prompts.separation import Source, quoted
from arkalia_assistantia.prompts.validation import (
    VERDICTS,
    Policy,
    Validation,
    Verdict,
    validate,
    verdict,
)
from arkalia_runtime.metrics import Metrics

SHORT: Final = 4_096
"""Characters up to which texts are validated at once; more in a thread, so that the loop goes on with
other requests meanwhile."""

MARK_BYTES: Final = 8


class Prompt(BaseModel):
    """A text that a model shall be given."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str
    source: Source = "user"
    """`user` for what the user asks, `content` for what is only to be read: documents, pages, results
    of tools."""


class Reason(BaseModel):
    """One reason for a score."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    layer: Layer
    reason: str
    message: str
    start: int
    """First character, in the text as it was sent."""
    end: int
    """The one after the last."""
    weight: float

    @classmethod
    def of(cls, finding: Finding) -> "Reason":
        """*finding*, as it is told."""
        return cls(**finding._asdict())


class Quotation(BaseModel):
    """Content as a model may be shown it, and the sentence for the system's instructions."""

    text: str
    rule: str


class Judged(BaseModel):
    """What the layers say of a prompt."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    score: float = Field(ge=0, le=1)
    verdict: Verdict
    suspicious: bool
    """Whether the score counts as an attack, whatever the policy makes of it."""
    policy: Policy
    reasons: list[Reason]
    unseen_characters: int
    """How many were looked at for hidden characters only: the text is too long for the rest."""


class Validated(Judged):
    """What the validation of a prompt says."""

    text: str
    """The text without what nobody sees, its letters folded."""
    quoted: Quotation | None = None
    """For `content` alone: the text in lines with a random mark."""


class Answer(BaseModel):
    """What a model said, and what it had been told."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str
    instructions: str = ""
    """The system's instructions to the model."""
    canary: str = Field(default="", max_length=128, pattern=r"^([0-9A-Za-z]{16,})?$")
    """A random word that stands in the instructions and nowhere else."""


class Inspected(BaseModel):
    """What the inspection of an answer says."""

    score: float = Field(ge=0, le=1)
    verdict: Verdict
    suspicious: bool
    policy: Policy
    reasons: list[Reason]


class Validating:
    """The part of the service that validates."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._measures = Measures()
        self.router = self._routes()

    def open(self) -> AbstractAsyncContextManager[None]:
        """Nothing has to be held."""
        return nullcontext()

    def measure(self, metrics: Metrics) -> None:
        """Show what is measured in *metrics*."""
        self._measures.measure(metrics)

    async def validated(self, prompt: Prompt) -> Validated:
        """What the layers say of *prompt*, and its text as a reader sees it."""
        [found] = await self.all_judged([prompt])
        is_short = len(prompt.text) <= SHORT
        text = cleaned(prompt.text) if is_short else await asyncio.to_thread(cleaned, prompt.text)
        return Validated(text=text, **dict(found))

    async def all_judged(self, prompts: Sequence[Prompt]) -> list[Judged]:
        """What the layers say of each of *prompts*."""
        if sum(len(each.text) for each in prompts) <= SHORT:
            found = [_timed(each) for each in prompts]
        else:
            found = await asyncio.to_thread(lambda: [_timed(each) for each in prompts])
        return [self._told(each, *what) for each, what in zip(prompts, found, strict=True)]

    def _told(self, prompt: Prompt, found: Validation, seconds: float) -> Judged:
        decided = verdict(found, self.policy)
        self._measures.validated(prompt.source, decided, found.score, seconds)
        self._measures.found(found.findings)
        return Judged(
            score=found.score,
            verdict=decided,
            suspicious=found.is_suspicious,
            policy=self.policy,
            reasons=[Reason.of(each) for each in found.findings],
            unseen_characters=found.unseen,
        )

    async def inspected(self, answer: Answer) -> Inspected:
        """What the last layer says of *answer*."""
        is_short = len(answer.text) + len(answer.instructions) <= SHORT
        found = _found_in(answer) if is_short else await asyncio.to_thread(_found_in, answer)
        score = score_of(found)
        decided = VERDICTS[self.policy] if score >= SUSPICIOUS else "passed"
        self._measures.inspected(decided)
        self._measures.found(found)
        return Inspected(
            score=score,
            verdict=decided,
            suspicious=score >= SUSPICIOUS,
            policy=self.policy,
            reasons=[Reason.of(each) for each in found],
        )

    async def quoted(self, text: str) -> Quotation:
        """*text* as a model may be shown it: in lines with a mark that nobody could know."""
        mark = secrets.token_hex(MARK_BYTES)
        is_short = len(text) <= SHORT
        shown = quoted(text, mark) if is_short else await asyncio.to_thread(quoted, text, mark)
        return Quotation(text=shown.text, rule=shown.rule)

    def _routes(self) -> APIRouter:
        router = APIRouter(tags=["validation"])

        @router.post("/validate", summary="How much a prompt looks like an attack, and why")
        async def validate_prompt(body: Prompt) -> Validated:
            found = await self.validated(body)
            if body.source != "content":
                return found
            return found.model_copy(update={"quoted": await self.quoted(found.text)})

        @router.post("/validate/answer", summary="Whether an answer gives away what it must not")
        async def inspect_answer(body: Answer) -> Inspected:
            return await self.inspected(body)

        return router


def _timed(prompt: Prompt) -> tuple[Validation, float]:
    """What the layers say of *prompt*, and the seconds that they took."""
    begin = time.perf_counter()
    return validate(prompt.text, prompt.source), time.perf_counter() - begin


def _found_in(answer: Answer) -> list[Finding]:
    return list(answers.findings(answer.text, answer.instructions, answer.canary))
