"""What becomes of a question, told as events: every step that this module takes."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.chat.told import PromptTold
from arkalia_runtime import logs
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.events import Outbox

logger: Final = logging.getLogger(__name__)

CHECKED: Final = "io.arkalia.chat.prompt.checked"
ANSWERED: Final = "io.arkalia.chat.model.answered"
EMITTED: Final = (CHECKED, ANSWERED)

RECORD_SECONDS: Final = 1.0
"""How long an answer waits for its events to be written. It is worth more than they are."""
MOST_REASONS: Final = 20


class Recorder:
    """Writes events into the outbox, if the database is there."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def checked(self, question: Question, told: PromptTold) -> bool:
        """Tell that the prompt was examined; whether it is written."""
        reasons = [f"{each.layer}: {each.reason}" for each in told.reasons[:MOST_REASONS]]
        data = {"score": round(told.score, 4), "verdict": told.verdict, "reasons": reasons}
        return await self._tell(CHECKED, question, data | {"actor": question.actor or "unknown"})

    async def answered(self, question: Question, data: Mapping[str, Any]) -> bool:
        """Tell that a model has answered; whether it is written."""
        return await self._tell(ANSWERED, question, data)

    async def _tell(self, event_type: str, question: Question, data: Mapping[str, Any]) -> bool:
        whole = {
            "conversation_id": question.conversation,
            "message_id": question.message,
            "request_id": logs.request_id.get() or "",
            **data,
        }
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await self._outbox.tell(event_type, question.conversation, whole)
        except (DatabaseError, TimeoutError) as error:
            logger.warning("An event was not told: %r", error, extra={"type": event_type})
            return False
        return True
