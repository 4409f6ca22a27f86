"""The validation of answers: the assistant before sandozia itself, both real services."""

import json
from contextlib import asynccontextmanager

import pytest

from arkalia_assistantia.app import create
from arkalia_assistantia.settings import AssistantSettings
from arkalia_model.chains import SHORT
from arkalia_sandozia import app as sandozia
from arkalia_sandozia.settings import ValidationSettings
from unit.arkalia_assistantia.conftest import backend
from unit.arkalia_runtime.authority import Authority, Mounts, mount
from unit.arkalia_runtime.serving import free_port, served


@pytest.fixture
def pod(tmp_path):
    """The folders of the assistant's pod, which holds a token for sandozia."""
    mounts = Mounts(tmp_path)
    mount(mounts.trust, ca_crt=Authority().pem)
    mount(mounts.tokens, sandozia="a token")
    return mounts


@pytest.fixture
def asked(pod, llm_folder, model_server):
    """`asked(port, **body)`: what the assistant tells that finds sandozia at *port*."""

    async def told(port, *, seconds=30, **body):
        mount(pod.identity, callees_json=json.dumps({"sandozia": f"http://127.0.0.1:{port}"}))
        folder = llm_folder(backend("main", model_server.url))
        own = {"system": "", "module": "assistantia", "version": "1", "llm_folder": folder}
        own |= {"validation_seconds": seconds, "database_timeout_seconds": 0.05}
        app = create(AssistantSettings(**pod.settings | own))
        async with (
            served(app) as client,
            client.post("/chat", json={"message": "How are you?"} | body) as answer,
        ):
            assert answer.status == 200
            return await answer.json(content_type=None)

    return told


@asynccontextmanager
async def validating():
    """The port at which sandozia serves, outside a system and without a database."""
    settings = ValidationSettings(version="1", database_timeout_seconds=0.05)
    async with served(sandozia.create(settings)) as session:
        yield session._base_url.port


async def test_answer_has_the_score_that_sandozia_gives(asked):
    async with validating() as port:
        told = await asked(port)

    assert told["answer"] == SHORT
    assert told["validation"]["status"] == "validated"
    assert 0 <= told["validation"]["score"] <= 1


async def test_context_speaks_for_an_answer_or_against_its_language(asked):
    context = [{"name": "page", "text": SHORT}]
    async with validating() as port:
        told = await asked(port, context=context)
        foreign = await asked(port, context=context, language="fr")

    assert told["validation"]["score"] > foreign["validation"]["score"]
    assert any(each["check"].startswith("language") for each in foreign["validation"]["reasons"])


async def test_answer_is_told_though_sandozia_is_gone(asked):
    told = await asked(free_port())

    assert told["answer"] == SHORT
    assert told["validation"]["status"] == "unavailable"
    assert "sandozia cannot be reached" in told["validation"]["detail"]


async def test_answer_does_not_wait_longer_for_its_score_than_it_may(asked):
    async with validating() as port:
        told = await asked(port, seconds=0.0001)

    assert told["answer"] == SHORT
    assert told["validation"]["detail"] == "sandozia did not answer in time."
