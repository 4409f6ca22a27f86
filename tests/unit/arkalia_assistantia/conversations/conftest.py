"""A way to put something into a store of conversations."""

from datetime import UTC, datetime
from uuid import uuid4

from arkalia_assistantia.conversations.forms import Message
from arkalia_assistantia.conversations.store import ConversationKey


def a_message(text, role="user", **more):
    return Message(id=str(uuid4()), role=role, text=text, created_at=datetime.now(UTC), **more)


def a_turn(question, answer="Yes."):
    return [a_message(question), a_message(answer, "assistant", model="m", finish_reason="stop")]


async def lead(store, owner, number, prefix="c"):
    """Let *owner* have so many conversations, each later than the one before."""
    for each in range(number):
        await store.keep(ConversationKey(owner, f"{prefix}-{each:03}"), a_turn(f"Question {each}"))
