"""The check of a question before the model is asked: all that users and tools wrote, one verdict."""

from collections.abc import Iterable, Iterator
from typing import Final

from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.told import PromptReason, PromptTold
from arkalia_assistantia.prompts.separation import Source
from arkalia_assistantia.prompts.validation import Verdict
from arkalia_assistantia.validating import Judged, Prompt, Validating

EACH: Final = 16
"""Texts, the newest, that are read each by itself."""
EACH_CHARACTERS: Final = 4_096
"""Characters of these texts together, but for the newest."""

_WORST: tuple[Verdict, ...] = ("passed", "flagged", "blocked")


class BlockedError(Exception):
    """The policy says that the model must not be asked."""

    def __init__(self, told: PromptTold) -> None:
        reasons = "; ".join(dict.fromkeys(each.message for each in told.reasons))
        super().__init__(f"The prompt looks like an attack, and the model was not asked: {reasons}")
        self.told = told


async def checked(question: Question, validating: Validating) -> PromptTold:
    """What the layers say of *question*, which counts as much as its most suspicious text."""
    found = await validating.all_judged(prompts_of(question.written_by_others()))
    return PromptTold(
        score=max((each.score for each in found), default=0.0),
        verdict=max((each.verdict for each in found), default="passed", key=_WORST.index),
        reasons=[reason for each in found for reason in _reasons(each)],
    )


def prompts_of(texts: Iterable[tuple[str, Source]]) -> list[Prompt]:
    """*texts* as they are validated: the newest each by itself, what is older as one text.

    So a question costs as much as two long texts, into however many messages it is cut. Where others
    than users wrote some of what is older, all of it is read as strictly as theirs.
    """
    newest: list[Prompt] = []
    older: list[tuple[str, Source]] = []
    left = EACH_CHARACTERS
    for text, source in reversed(list(texts)):
        left -= len(text) if newest else 0
        if left >= 0 and len(newest) < EACH:
            newest.append(Prompt(text=text, source=source))
        else:
            older.append((text, source))
    return [*_joined(older[::-1]), *newest[::-1]]


def _joined(texts: list[tuple[str, Source]]) -> Iterator[Prompt]:
    if texts:
        is_content = any(source == "content" for _, source in texts)
        joined = "\n".join(text for text, _ in texts)
        yield Prompt(text=joined, source="content" if is_content else "user")


def _reasons(found: Judged) -> list[PromptReason]:
    return [
        PromptReason(layer=each.layer, reason=each.reason, message=each.message)
        for each in found.reasons
    ]
