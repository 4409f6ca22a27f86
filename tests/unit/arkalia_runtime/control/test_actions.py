"""Orders over HTTP: carried out once, checked against their form, ended by their time."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import APIRouter

from arkalia_contract import endpoints
from arkalia_contract.control import ROTATE_CREDENTIAL, SHED_LOAD, Verb
from arkalia_runtime.app import create_app
from arkalia_runtime.control import actions as bounds
from arkalia_runtime.control.abilities import Ability, Arguments
from unit.arkalia_runtime.serving import served

NOTE = Verb("Note", "Write something down.", reversible=True)


class Word(Arguments):
    word: str


def in_seconds(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def an_order(**fields):
    usual = {"id": "a-1", "verb": "Note", "arguments": {"word": "x"}, "until": in_seconds(60)}
    return usual | fields


@pytest.fixture
def journal():
    return []


@pytest.fixture
def app(settings, journal):
    @asynccontextmanager
    async def noting(arguments):
        journal.append(f"begin {arguments.word}")
        try:
            yield
        finally:
            journal.append(f"end {arguments.word}")

    @asynccontextmanager
    async def failing(arguments):
        raise RuntimeError(arguments.word)
        yield

    app = create_app("zeroia", settings, router=APIRouter())
    app.state.actions.learn(Ability(NOTE, Word, noting))
    app.state.actions.learn(Ability(ROTATE_CREDENTIAL, Word, noting))
    app.state.actions.learn(Ability(Verb("Break", "Break.", reversible=True), Word, failing))
    return app


async def sent(client, **fields):
    answer = await client.post(endpoints.CONTROL_ACTIONS, json=an_order(**fields))
    return answer.status, await answer.json(content_type=None)


async def test_order_is_carried_out_and_answered_with_its_outcome(app, journal):
    async with served(app) as client:
        status, outcome = await sent(client)

        assert (status, outcome["phase"], outcome["verb"]) == (201, "running", "Note")
        assert journal == ["begin x"]


async def test_order_is_carried_out_once_when_it_is_sent_again(app, journal):
    order = an_order()
    async with served(app) as client:
        await sent(client, **order)
        status, outcome = await sent(client, **order, reason="as before")

    assert (status, outcome["phase"]) == (200, "running")
    assert journal == ["begin x", "end x"]


async def test_order_is_refused_when_its_id_is_known_with_another_content(app):
    async with served(app) as client:
        await sent(client)
        status, problem = await sent(client, arguments={"word": "y"})

    assert status == 409
    assert "another content" in problem["detail"]


async def test_action_ends_with_its_time(app, journal):
    async with served(app) as client:
        await sent(client, until=in_seconds(0.3))
        await asyncio.sleep(0.5)
        outcome = await (await client.get(f"{endpoints.CONTROL_ACTIONS}/a-1")).json()

        assert outcome["phase"] == "ended"
        assert journal == ["begin x", "end x"]


async def test_action_ends_before_its_time_when_it_is_deleted(app, journal):
    async with served(app) as client:
        await sent(client)
        answer = await client.delete(f"{endpoints.CONTROL_ACTIONS}/a-1")

        assert (await answer.json())["phase"] == "ended"
        assert journal == ["begin x", "end x"]


async def test_action_is_undone_when_the_service_stops(app, journal):
    async with served(app) as client:
        await sent(client)

    assert journal == ["begin x", "end x"]


async def test_action_that_cannot_be_undone_is_over_at_once(app, journal):
    async with served(app) as client:
        _, outcome = await sent(client, verb="RotateCredential")
        await asyncio.sleep(0.05)
        listed = await (await client.get(endpoints.CONTROL_ACTIONS)).json()

    assert outcome["phase"] in {"running", "ended"}
    assert [each["phase"] for each in listed["actions"]] == ["ended"]
    assert journal == ["begin x", "end x"]


async def test_outcome_says_that_an_action_failed_and_nothing_of_the_inside(app):
    async with served(app) as client:
        _, outcome = await sent(client, verb="Break", arguments={"word": "secret"})

    assert (outcome["phase"], outcome["message"]) == ("failed", "RuntimeError; the log says more")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"arguments": {"word": 1}}, "do not fit: arguments.word: "),
        ({"arguments": {}}, "do not fit: arguments.word: Field required."),
        ({"arguments": {"word": "x", "more": 1}}, "do not fit: arguments.more: "),
        ({"verb": "Dance"}, "'Dance' is not carried out here"),
        ({"until": in_seconds(-1)}, "`until` must lie within"),
        ({"until": in_seconds(90_000)}, "`until` must lie within"),
        ({"until": "2026-01-01T00:00:00"}, "`until` has no offset"),
        ({"id": "a b"}, "does not fit: body.id: "),
        ({"extra": 1}, "does not fit: body.extra: "),
    ],
)
async def test_order_is_refused_when_it_does_not_fit(app, journal, fields, complaint):
    async with served(app) as client:
        status, problem = await sent(client, **fields)

    assert status == 422
    assert complaint in problem["detail"]
    assert journal == []


async def test_refusal_lists_the_verbs_that_there_are(app):
    async with served(app) as client:
        _, problem = await sent(client, verb="Dance")

    assert problem["verbs"] == ["Break", "Note", "RotateCredential", SHED_LOAD.name]


async def test_order_that_nobody_sent_is_not_known(app):
    async with served(app) as client:
        answers = [
            await client.get(f"{endpoints.CONTROL_ACTIONS}/b"),
            await client.delete(f"{endpoints.CONTROL_ACTIONS}/b"),
        ]

    assert [answer.status for answer in answers] == [404, 404]


async def test_actions_at_once_are_bounded(app, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_RUNNING", 2)
    async with served(app) as client:
        statuses = [(await sent(client, id=f"a-{number}"))[0] for number in range(3)]

    assert statuses == [201, 201, 409]


async def test_oldest_order_that_has_ended_is_forgotten(app, monkeypatch):
    monkeypatch.setattr(bounds, "REMEMBERED", 2)
    async with served(app) as client:
        for number in range(3):
            await sent(client, id=f"a-{number}")
            await client.delete(f"{endpoints.CONTROL_ACTIONS}/a-{number}")
        listed = await (await client.get(endpoints.CONTROL_ACTIONS)).json()

    assert [each["id"] for each in listed["actions"]] == ["a-1", "a-2"]


async def test_running_actions_and_their_ends_are_counted(app):
    registry = app.state.metrics.registry
    async with served(app) as client:
        await sent(client)
        running = registry.get_sample_value("arkalia_control_actions_running", {"verb": "Note"})
        await client.delete(f"{endpoints.CONTROL_ACTIONS}/a-1")

    ended = {"verb": "Note", "phase": "ended"}
    assert running == 1
    assert registry.get_sample_value("arkalia_control_actions_total", ended) == 1
