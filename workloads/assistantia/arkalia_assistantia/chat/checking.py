"""The check of a question before the model is asked: all that users and tools wrote, one verdict."""

from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.told import PromptReason, PromptTold
from arkalia_assistantia.prompts.validation import Verdict
from arkalia_assistantia.validating import Prompt, Validated, Validating

_WORST: tuple[Verdict, ...] = ("passed", "flagged", "blocked")


class BlockedError(Exception):
    """The policy says that the model must not be asked."""

    def __init__(self, told: PromptTold) -> None:
        reasons = "; ".join(dict.fromkeys(each.message for each in told.reasons))
        super().__init__(f"The prompt looks like an attack, and the model was not asked: {reasons}")
        self.told = told


async def checked(question: Question, validating: Validating) -> PromptTold:
    """What the layers say of *question*, which counts as much as its most suspicious text."""
    found = [
        await validating.validated(Prompt(text=text, source=source))
        for text, source in question.written_by_others()
    ]
    return PromptTold(
        score=max((each.score for each in found), default=0.0),
        verdict=max((each.verdict for each in found), default="passed", key=_WORST.index),
        reasons=[reason for each in found for reason in _reasons(each)],
    )


def _reasons(found: Validated) -> list[PromptReason]:
    return [
        PromptReason(layer=each.layer, reason=each.reason, message=each.message)
        for each in found.reasons
    ]
