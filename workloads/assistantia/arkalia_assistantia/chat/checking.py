"""The check of a question before the model is asked: all that users and tools wrote, one verdict."""

from collections.abc import Iterable
from typing import Final

from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.told import PromptReason, PromptTold
from arkalia_assistantia.prompts.separation import Source
from arkalia_assistantia.prompts.validation import LONG, WHOLE, Verdict
from arkalia_assistantia.validating import Judged, Prompt, Validating

EACH: Final = 16
"""Texts, the newest, that are read each by itself."""
READ: Final = WHOLE
"""Characters that are read of all but the oldest texts; of these, joined, as many as of a long text."""

Text = tuple[str, Source]
"""A text, and who wrote it."""

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
        unseen_characters=sum(each.unseen_characters for each in found),
    )


def prompts_of(texts: Iterable[Text]) -> list[Prompt]:
    """*texts* as they are validated: the newest each by itself, older ones as one, the rest as another.

    The rest is read like any long text, so a question costs as much as two of them, into however many
    messages it is cut. Where others than users wrote some of a joined text, all of it is read as
    strictly as theirs.
    """
    told = list(texts)
    alone = _newest(told, READ, EACH)
    told, left = told[: len(told) - len(alone)], READ - sum(_read_of(each) for each in alone)
    older = _newest(told, left, len(told))
    rest = told[: len(told) - len(older)]
    return [*_joined(rest), *_joined(older), *_prompts(alone)]


def _newest(texts: list[Text], characters: int, most: int) -> list[Text]:
    """The last of *texts*, *most* at most, of which so many *characters* are read."""
    kept: list[Text] = []
    for each in reversed(texts):
        characters -= _read_of(each)
        if characters < 0 or len(kept) == most:
            break
        kept.append(each)
    return kept[::-1]


def _read_of(text: Text) -> int:
    return min(len(text[0]), LONG)


def _joined(texts: list[Text]) -> list[Prompt]:
    if not texts:
        return []
    is_content = any(source == "content" for _, source in texts)
    return _prompts([("\n".join(text for text, _ in texts), "content" if is_content else "user")])


def _prompts(texts: Iterable[Text]) -> list[Prompt]:
    return [Prompt(text=text, source=source) for text, source in texts]


def _reasons(found: Judged) -> list[PromptReason]:
    return [
        PromptReason(layer=each.layer, reason=each.reason, message=each.message)
        for each in found.reasons
    ]
