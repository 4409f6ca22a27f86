"""A store in a schema of its own, and a way to put something into it."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from arkalia_assistantia.conversations.forms import Message
from arkalia_assistantia.conversations.store import Place, Store
from arkalia_assistantia.settings import AssistantSettings
from arkalia_runtime.database import Database
from data_services import migrate


def a_message(text, role="user", **more):
    return Message(id=str(uuid4()), role=role, text=text, created_at=datetime.now(UTC), **more)


def a_turn(question, answer="Yes."):
    return [a_message(question), a_message(answer, "assistant", model="m", finish_reason="stop")]


@pytest.fixture
def standing(mounts, schema):
    """`standing(**settings)`: a store whose database is open."""
    migrate(mounts, schema, "forward", module="assistantia")

    @asynccontextmanager
    async def opened(**settings):
        own = {"system": "", "module": "assistantia", "database_timeout_seconds": 5}
        made = AssistantSettings(**mounts.settings | own | settings)
        async with Database.of(made).open() as database:
            yield Store(database, made)

    return opened


@pytest.fixture
async def store(standing):
    async with standing() as opened:
        yield opened


async def lead(store, owner, number, prefix="c"):
    """Let *owner* have so many conversations, each later than the one before."""
    for each in range(number):
        await store.keep(Place(owner, f"{prefix}-{each:03}"), a_turn(f"Question {each}"))
