"""The system's own instructions to a model: by the role of who asks, with a canary in them.

A canary stands in one conversation alone, so one that got out opens no other; and it stays the same
there, so that a model server need not read the beginning anew.
"""

import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.prompts.canary import SHORTEST, canary_of
from arkalia_assistantia.settings import SystemPrompt

KEY_BYTES: Final = 32


class Instructing:
    """Gives instructions along with questions."""

    def __init__(self, prompts: Sequence[SystemPrompt]) -> None:
        self._prompts = tuple(prompts)
        self._key = secrets.token_bytes(KEY_BYTES)

    def instructed(self, question: Question) -> Question:
        """*question* with the instructions for who asks, if there are any."""
        text = prompt_for(self._prompts, question.roles)
        return replace(question, given=text, canary=self._canary(question)) if text else question

    def _canary(self, question: Question) -> str:
        about = f"{question.owner}\0{question.conversation}".encode("utf-8", "replace")
        return canary_of(hmac.digest(self._key, about, "sha256")[:SHORTEST])


def prompt_for(prompts: Sequence[SystemPrompt], roles: Collection[str]) -> str:
    """The text of the first of *prompts* that is for one of *roles*, or for everybody; else none."""
    return next((each.text for each in prompts if not each.role or each.role in roles), "")
