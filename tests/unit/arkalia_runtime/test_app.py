"""The app: the paths of the contract, and what they answer over HTTP."""

from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter

from arkalia_contract import endpoints
from arkalia_runtime.app import create_app
from arkalia_runtime.health import Check, UnhealthyError
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.serving import served

OPERATIONAL = [
    endpoints.HEALTH,
    endpoints.HEALTH_LIVE,
    endpoints.HEALTH_READY,
    endpoints.HEALTH_DETAILED,
    endpoints.METRICS,
    endpoints.STATUS,
    endpoints.DOCS,
    endpoints.OPENAPI,
]


REFUSED = "connection refused"


async def broken():
    raise UnhealthyError(REFUSED)


@pytest.mark.parametrize("path", OPERATIONAL)
async def test_every_operational_path_answers(path, settings):
    async with served(create_app("helloria", settings)) as client:
        answer = await client.get(path)

    assert answer.status == 200


async def test_health_paths_tell_a_failing_check(settings):
    async with served(create_app("m", settings, checks=[Check("db", broken)])) as client:
        answers = {path: await client.get(path) for path in OPERATIONAL[:4]}
        details = await answers[endpoints.HEALTH_DETAILED].json()
        problem = await answers[endpoints.HEALTH].json(content_type="application/problem+json")

    assert {path: answer.status for path, answer in answers.items()} == {
        endpoints.HEALTH: 503,
        endpoints.HEALTH_LIVE: 200,
        endpoints.HEALTH_READY: 503,
        endpoints.HEALTH_DETAILED: 200,
    }
    assert details["status"] == "unhealthy"
    assert details["checks"][0]["message"] == "connection refused"
    assert problem["detail"] == "db: connection refused"


async def test_only_readiness_says_no_when_the_service_drains(settings):
    app = create_app("m", settings)
    async with served(app) as client:
        app.state.health.drain()
        statuses = [(await client.get(path)).status for path in OPERATIONAL[:4]]

    assert statuses == [200, 200, 503, 200]


async def test_status_says_what_runs_where(settings):
    wanted = settings.model_copy(
        update={"module": "gate", "system": "luna", "namespace": "arkalia", "env": "staging"}
    )
    async with served(create_app("helloria", wanted)) as client:
        status = await (await client.get(endpoints.STATUS)).json()

    assert (status["module"], status["version"]) == ("gate", "1.2.3")
    assert (status["system"], status["namespace"]) == ("luna", "arkalia")
    assert (status["environment"], status["settings"]["env"]) == ("staging", "staging")
    assert 0 <= status["uptime_seconds"] < 60


def test_version_is_that_of_the_distribution_when_no_system_says_another():
    assert create_app("helloria", ServiceSettings()).version == "0.1.0"


async def test_checks_run_inside_the_services_own_lifespan(settings):
    events = []

    @asynccontextmanager
    async def lifespan(_app):
        events.append("opened")
        yield
        events.append("closed")

    async def check():
        events.append("checked")
        return "there"

    app = create_app("m", settings, checks=[Check("c", check)], lifespan=lifespan)
    async with served(app):
        pass

    assert events == ["opened", "checked", "closed"]


async def test_services_own_routes_are_served_and_described(settings):
    router = APIRouter()

    @router.get("/greetings/{name}")
    async def read_greeting(name: str) -> str:
        return f"Hello, {name}!"

    async with served(create_app("m", settings, router=router)) as client:
        greeting = await (await client.get("/greetings/Ada")).json()
        described = await (await client.get(endpoints.OPENAPI)).json()

    assert greeting == "Hello, Ada!"
    assert "/greetings/{name}" in described["paths"]
    answers = described["paths"]["/greetings/{name}"]["get"]["responses"]
    assert set(answers) == {"200", "default"}
