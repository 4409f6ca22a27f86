"""ShedLoad: less urgent requests are refused, to the share that was asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import APIRouter

from arkalia_contract import endpoints, headers
from arkalia_runtime.app import create_app
from unit.arkalia_runtime.serving import served


@pytest.fixture
def app(settings):
    router = APIRouter()

    @router.get("/work")
    async def work() -> str:
        return "done"

    return create_app("zeroia", settings, router=router)


async def shed(client, **arguments):
    until = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    order = {"id": "s", "verb": "ShedLoad", "arguments": arguments, "until": until}
    answer = await client.post(endpoints.CONTROL_ACTIONS, json=order)
    assert answer.status == 201, await answer.text()


async def statuses(client, number, priority=None, path="/work"):
    sent = {headers.PRIORITY: priority} if priority else {}
    return [(await client.get(path, headers=sent)).status for _ in range(number)]


async def test_share_of_the_less_urgent_requests_is_refused_evenly(app):
    async with served(app) as client:
        await shed(client, share=0.25)

        assert await statuses(client, 8, "u=5") == [200, 200, 200, 503] * 2


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 1])
async def test_share_is_kept_exactly(app, share):
    async with served(app) as client:
        await shed(client, share=share)

        assert (await statuses(client, 100, "u=7")).count(503) == round(100 * share)


async def test_usual_and_urgent_requests_are_answered(app):
    async with served(app) as client:
        await shed(client, share=1)

        assert await statuses(client, 3) == [200] * 3
        assert await statuses(client, 3, "u=0") == [200] * 3


async def test_usual_requests_are_refused_when_the_order_names_their_urgency(app):
    async with served(app) as client:
        await shed(client, share=1, urgency=3)

        assert await statuses(client, 2) == [503, 503]
        assert await statuses(client, 2, "u=2") == [200, 200]


async def test_refusal_says_when_to_come_again(app):
    async with served(app) as client:
        await shed(client, share=1)
        answer = await client.get("/work", headers={headers.PRIORITY: "u=6"})
        problem = await answer.json(content_type="application/problem+json")

    assert answer.headers["Retry-After"] == "5"
    assert "not urgent" in problem["detail"]


@pytest.mark.parametrize("path", [endpoints.HEALTH_LIVE, endpoints.METRICS, endpoints.STATUS])
async def test_what_watches_the_service_is_always_answered(app, path):
    async with served(app) as client:
        await shed(client, share=1, urgency=0)

        assert await statuses(client, 2, "u=7", path) == [200, 200]


async def test_action_can_be_ended_while_everything_is_refused(app):
    async with served(app) as client:
        await shed(client, share=1, urgency=0)
        assert await statuses(client, 1) == [503]

        await client.delete(f"{endpoints.CONTROL_ACTIONS}/s")

        assert await statuses(client, 1) == [200]


async def test_refused_requests_are_counted(app):
    async with served(app) as client:
        await shed(client, share=1)
        await statuses(client, 3, "u=7")

    assert app.state.metrics.registry.get_sample_value("arkalia_requests_shed_total") == 3


@pytest.mark.parametrize("arguments", [{"share": 0}, {"share": 1.1}, {"share": 1, "urgency": 8}])
async def test_order_is_refused_when_its_arguments_make_no_sense(app, arguments):
    until = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    order = {"id": "s", "verb": "ShedLoad", "arguments": arguments, "until": until}
    async with served(app) as client:
        answer = await client.post(endpoints.CONTROL_ACTIONS, json=order)

    assert answer.status == 422
