"""`POST /validate` of the running service: answers, metrics, the event, and what it refuses."""

import asyncio
import threading
import time

import pytest

from arkalia_contract import endpoints
from arkalia_sandozia import validating
from arkalia_sandozia.app import create
from arkalia_sandozia.settings import ValidationSettings
from arkalia_sandozia.validating import VALIDATED
from data_services import migrate
from unit.arkalia_runtime.serving import served

ASKED = {
    "answer": "helloria uses 52 % CPU.",
    "prompt": "How is helloria?",
    "facts": [{"subject": "luna-helloria", "name": "cpu_usage_ratio", "value": 0.42}],
}
RECORD = {"conversation_id": "c-1", "message_id": "m-7"}


@pytest.fixture
def settings(mounts, schema):
    migrate(mounts, schema, "forward", module="sandozia")
    own = {"system": "", "module": "sandozia", "version": "1", "check_cache_seconds": 0}
    return ValidationSettings(**mounts.settings | own)


@pytest.fixture
async def client(settings):
    async with served(create(settings)) as opened:
        yield opened


@pytest.fixture
async def alone():
    """A service whose database is not there."""
    async with served(create(ValidationSettings(version="1"))) as opened:
        yield opened


async def validate(client, **changed):
    async with client.post("/validate", json=ASKED | changed) as answer:
        return answer.status, await answer.json(content_type=None)


async def metrics(client):
    async with client.get(endpoints.METRICS) as answer:
        lines = (await answer.text()).splitlines()
    return dict(each.rsplit(" ", 1) for each in lines if not each.startswith("#"))


async def test_answer_comes_back_with_its_score_and_reasons(client):
    status, found = await validate(client)

    assert status == 200
    assert found["validation_score"] < 0.2
    [reason] = found["reasons"]
    assert reason == {
        "check": "grounding/number",
        "severity": "high",
        "start": 14,
        "end": 18,
        "wrong": "\u201c52 %\u201d is not what is known: 0.42 ratio.",
        "evidence": "fact: luna-helloria cpu usage ratio 0.42 ratio",
    }
    assert found["examined"] == ["policy", "format", "grounding", "consistency"]
    assert found["recorded"] is False
    assert found["duration_seconds"] > 0


async def test_everything_that_can_be_asked_reaches_the_checks(client):
    status, found = await validate(
        client,
        answer="The helloria is at 42 %, and it is fine for all of us, says bob.",
        conversation=[{"role": "user", "content": "is it bob?"}],
        context=[{"name": "status", "text": "helloria is at 42 %"}],
        samples=["It is at 7 %."],
        policy={"forbidden": ["bob"]},
        language="fr",
        format={"form": "json", "schema": {"type": "object"}, "longest": 10},
    )

    assert status == 200
    assert found["validation_score"] == 0
    kinds = {each["check"].split("/")[0] for each in found["reasons"]}
    assert kinds >= {"policy", "language", "format"}
    assert set(found["examined"]) >= {"samples", "language", "grounding"}


async def test_outcome_is_told_as_an_event_of_its_conversation(client):
    _, found = await validate(client, record=RECORD)

    async with client.get(endpoints.EVENTS_OUTBOX) as answer:
        [event] = await answer.json(content_type=None)
    assert found["recorded"] is True
    assert event["type"] == VALIDATED
    assert event["data"]["message_id"] == "m-7"
    assert event["data"]["validation_score"] == found["validation_score"]
    assert event["data"]["reasons"] == [f"grounding/number: {found['reasons'][0]['wrong']}"]


async def test_answer_is_validated_though_the_database_is_away(alone):
    status, found = await validate(alone, record=RECORD)

    assert status == 200
    assert found["validation_score"] < 0.2
    assert found["recorded"] is False
    assert (await metrics(alone))["arkalia_answer_validations_unrecorded_total"] == "1.0"


async def test_service_is_ready_though_the_database_is_away(alone):
    async with alone.get(endpoints.HEALTH_READY) as answer:
        assert answer.status == 200


async def test_outcome_reaches_who_waits_for_it_while_the_database_hangs(client, schema):
    await validate(client, record=RECORD)  # the connection is open
    body, waits = ASKED | {"record": RECORD}, {"X-Request-Timeout": "0.5"}
    with schema.server.door.held():
        start = time.monotonic()
        async with client.post("/validate", json=body, headers=waits) as answer:
            found = await answer.json(content_type=None)
        seconds = time.monotonic() - start

    assert (answer.status, found["recorded"]) == (200, False)
    assert seconds < 4  # psycopg alone would wait five seconds for the end of the statement


async def test_what_is_found_is_measured(alone):
    await validate(alone)

    shown = await metrics(alone)

    assert shown["arkalia_answer_validation_score_count"] == "1.0"
    assert shown["arkalia_answer_validation_seconds_count"] == "1.0"
    finding = 'arkalia_answer_findings_total{check="grounding/number",severity="high"}'
    assert shown[finding] == "1.0"
    assert shown["arkalia_answer_validations_partial_total"] == "0.0"


async def test_examination_ends_with_its_time():
    settings = ValidationSettings(version="1", validation_seconds=1e-9)
    async with served(create(settings)) as hurried:
        status, found = await validate(hurried)
        shown = await metrics(hurried)

    assert status == 200
    assert any("its time was over" in each for each in found["not_examined"])
    assert shown["arkalia_answer_validations_partial_total"] == "1.0"


@pytest.mark.parametrize(
    "changed",
    [
        {"answer": None},
        {"unknown": 1},
        {"language": "xx"},
        {"samples": ["x"] * 11},
        {"policy": {"forbidden": [" "]}},
        {"facts": [{"subject": "a", "name": "b", "value": []}]},
        {"record": {"conversation_id": "", "message_id": "m"}},
    ],
)
async def test_request_that_does_not_fit_is_refused_without_its_values(alone, changed):
    status, problem = await validate(alone, **changed)

    assert status == 422
    assert problem["errors"] != []


async def test_requests_beyond_those_that_may_wait_are_told_to_come_again(alone, monkeypatch):
    begun, free = threading.Semaphore(0), threading.Event()
    whole = validating.validate

    def slow(*given):
        begun.release()
        free.wait(60)
        return whole(*given)

    monkeypatch.setattr(validating, "validate", slow)
    monkeypatch.setattr(validating, "MOST_WAITING", 2)
    waiting = [asyncio.create_task(validate(alone)) for _ in range(2)]
    for _ in waiting:
        await asyncio.to_thread(begun.acquire)

    status, problem = await validate(alone)
    async with alone.get(endpoints.HEALTH_LIVE) as alive:
        assert alive.status == 200
    free.set()

    assert status == 503
    assert "try again" in problem["detail"]
    assert [each[0] for each in await asyncio.gather(*waiting)] == [200, 200]
