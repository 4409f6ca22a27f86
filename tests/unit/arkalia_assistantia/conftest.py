"""What the tests of the assistant share: model servers, and a service that asks them."""

import json
from contextlib import asynccontextmanager

import pytest

from arkalia_assistantia.app import create
from arkalia_assistantia.conversations.store import Store
from arkalia_assistantia.settings import AssistantSettings
from arkalia_contract import files
from arkalia_runtime.database import Database
from data_services import migrate
from model_servers import a_model_server
from unit.arkalia_runtime.serving import served


def backend(name, url, provider="openai", models=()):
    return {"name": name, "provider": provider, "url": url, "models": list(models)}


@pytest.fixture(scope="session")
def model_server():
    """A model server that nobody kills."""
    with a_model_server() as server:
        yield server


@pytest.fixture
def doomed_server():
    """A model server of this test alone."""
    with a_model_server() as server:
        yield server


@pytest.fixture
def llm_folder(tmp_path):
    """`write(*backends, **aliases)`: the folder in which these are named."""
    folder = tmp_path / "llm"
    folder.mkdir()

    def write(*backends, keys=(), **aliases):
        (folder / "keys").mkdir(exist_ok=True)
        for name, key in dict(keys).items():
            (folder / "keys" / name).write_text(key)
        access = {"backends": list(backends), "aliases": aliases}
        unfinished = folder / "unfinished"
        unfinished.write_text(json.dumps(access))
        unfinished.replace(folder / files.LLM_KEY)
        return folder

    return write


@pytest.fixture
def alone(llm_folder):
    """`alone(*backends)`: a client of an assistant outside a system, without a database."""

    @asynccontextmanager
    async def opened(*backends, keys=(), aliases=None, **settings):
        folder = llm_folder(*backends, keys=keys, **(aliases or {}))
        quick = {"look_seconds": 0, "check_cache_seconds": 0, "database_timeout_seconds": 0.05}
        made = AssistantSettings(version="1", llm_folder=folder, **quick | settings)
        async with served(create(made)) as client:
            yield client

    return opened


@pytest.fixture
def recorded(mounts, schema, llm_folder):
    """`recorded(*backends)`: a client of an assistant with a database."""
    migrate(mounts, schema, "forward", module="assistantia")

    @asynccontextmanager
    async def opened(*backends, **settings):
        own = {"system": "", "module": "assistantia", "version": "1", "check_cache_seconds": 0}
        own |= {"look_seconds": 0, "llm_folder": llm_folder(*backends)}
        made = AssistantSettings(**mounts.settings | own | settings)
        async with served(create(made)) as client:
            yield client

    return opened


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
