"""Calls between two services over real TLS: identity, deadline, retries, breaker, new trust."""

import asyncio
import gc
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import APIRouter, Request, Response

from arkalia_contract import headers, identity
from arkalia_runtime import deadline, logs
from arkalia_runtime.app import create_app
from arkalia_runtime.calls import client
from arkalia_runtime.calls.client import FAILURES_UNTIL_OPEN, Calls
from arkalia_runtime.calls.errors import (
    LateError,
    NotCallableError,
    OpenBreakerError,
    UnavailableError,
)
from arkalia_runtime.identity.certificates import ServerCertificate
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import MODULE, Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port, more, served

CLUSTER = Cluster()
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Zeroia:
    """The module that is called: a real service behind TLS and the guard."""

    statuses: list[int] = field(default_factory=list)
    """What it answers at first; after that 200."""
    seconds: float = 0
    """How long it takes."""
    requests: list[Request] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)

    @property
    def router(self) -> APIRouter:
        router = APIRouter()

        @router.api_route("/states/{name}", methods=["GET", "POST"])
        async def answer(request: Request) -> Response:
            self.requests.append(request)
            self.deadlines.append(deadline.left(3600))
            await asyncio.sleep(self.seconds)
            status = self.statuses.pop(0) if self.statuses else 200
            return Response(await request.body() or b"known", status)

        return router


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def callee(tmp_path, authority):
    """The folders of the module that is called."""
    mounts = Mounts(tmp_path / "callee")
    mount(mounts.tls, **authority.issue("localhost"))
    mount(mounts.trust, **CLUSTER.trust())
    mounts.allow(helloria=["/states/*"])
    return mounts


@pytest.fixture
def caller(tmp_path, authority):
    """The folders of the module that calls."""
    mounts = Mounts(tmp_path / "caller")
    mount(mounts.trust, ca_crt=authority.pem)
    mount(mounts.tokens, zeroia=CLUSTER.token("helloria"))
    lead_to(mounts, free_port())
    return mounts


def lead_to(caller, port):
    mount(caller.identity, callees_json=json.dumps({"zeroia": f"https://localhost:{port}"}))


@asynccontextmanager
async def called(zeroia, callee, caller):
    """zeroia, served, and the calls of a module that knows where."""
    app = create_app(MODULE, ServiceSettings(version="1", **callee.settings), router=zeroia.router)
    certificate = ServerCertificate(callee.tls, 0)
    async with served(app, certificate.context) as session, calls_of(caller) as calls:
        lead_to(caller, session._base_url.port)
        yield calls


@asynccontextmanager
async def calls_of(caller):
    metrics = Metrics("helloria", "1")
    async with Calls(ServiceSettings(**caller.settings), metrics) as calls:
        calls.measured = metrics.registry.get_sample_value
        yield calls


@pytest.fixture
def _quick_breaker(monkeypatch):
    monkeypatch.setattr(client, "OPEN_SECONDS", 0.2)


@pytest.fixture
def _collected():
    yield
    gc.collect()


def gives_up(test):
    """Half a second is long for an answer, and short for a handshake on a machine with other work.

    A call that is given up during one leaves its socket to the garbage collector (httpcore 1.0.9),
    which is a warning: it is none for the test that gives up, nor for one that comes after it.
    """
    ignored = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
    return ignored(pytest.mark.usefixtures("_collected")(test))


async def test_module_answers_whom_its_token_vouches_for(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        answer = await calls.to("zeroia").request("POST", "/states/1", json={"a": 1})

    assert (answer.status_code, answer.json()) == (200, {"a": 1})
    [request] = zeroia.requests
    assert request.headers["authorization"].startswith(f"{identity.BEARER} ey")
    labels = {"callee": "zeroia", "outcome": "200"}
    assert calls.measured("arkalia_calls_total", labels) == 1
    assert calls.measured("arkalia_call_duration_seconds_count", {"callee": "zeroia"}) == 1


async def test_request_id_and_trace_are_passed_on(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        logs.request_id.set("order-66")
        logs.traceparent.set(TRACEPARENT)
        await calls.to("zeroia").request("GET", "/states/1")

    [request] = zeroia.requests
    assert request.headers[headers.REQUEST_ID] == "order-66"
    assert request.headers[headers.TRACEPARENT] == TRACEPARENT


async def test_call_outside_a_request_has_an_id_of_its_own_and_no_trace(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        logs.request_id.set(None)
        await calls.to("zeroia").request("GET", "/states/1")

    [request] = zeroia.requests
    assert len(request.headers[headers.REQUEST_ID]) == 32
    assert headers.TRACEPARENT not in request.headers


async def test_deadline_is_passed_on_as_what_is_left_of_it(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        deadline.begin("2.5")
        await calls.to("zeroia").request("GET", "/states/1")
        deadline.begin("")
        await calls.to("zeroia").request("GET", "/states/1", timeout_seconds=7)

    assert 1 < zeroia.deadlines[0] <= 2.5
    assert 5 < zeroia.deadlines[1] <= 7


@gives_up
async def test_call_ends_when_the_time_is_over(callee, caller):
    async with called(Zeroia(seconds=30), callee, caller) as calls:
        with pytest.raises(LateError, match="did not answer in time") as late:
            await calls.to("zeroia").request("GET", "/states/1", timeout_seconds=0.5)

    assert late.value.status_code == 504
    assert calls.measured("arkalia_calls_total", {"callee": "zeroia", "outcome": "late"}) == 1


async def test_nobody_is_asked_when_no_time_is_left(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        deadline.begin("0")
        for _ in range(FAILURES_UNTIL_OPEN + 1):
            with pytest.raises(LateError, match="No time was left"):
                await calls.to("zeroia").request("GET", "/states/1")

    assert zeroia.requests == []


async def test_answer_of_503_is_asked_for_again(callee, caller):
    async with called(Zeroia([503, 503]), callee, caller) as calls:
        answer = await calls.to("zeroia").request("GET", "/states/1")

    assert answer.status_code == 200
    assert calls.measured("arkalia_call_retries_total", {"callee": "zeroia"}) == 2


async def test_tries_have_a_bound(callee, caller):
    zeroia = Zeroia([503] * 10)
    async with called(zeroia, callee, caller) as calls:
        with pytest.raises(UnavailableError, match="zeroia answers 503"):
            await calls.to("zeroia").request("GET", "/states/1")

    assert len(zeroia.requests) == 3


async def test_request_that_may_have_had_an_effect_is_not_repeated(callee, caller):
    zeroia = Zeroia([503])
    async with called(zeroia, callee, caller) as calls:
        with pytest.raises(UnavailableError):
            await calls.to("zeroia").request("POST", "/states/1")

    assert len(zeroia.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500])
async def test_other_answers_are_the_callers_to_judge(callee, caller, status):
    async with called(Zeroia([status]), callee, caller) as calls:
        assert (await calls.to("zeroia").request("GET", "/states/1")).status_code == status


async def test_request_is_sent_again_when_no_connection_came_about(callee, caller):
    async with calls_of(caller) as calls:
        with pytest.raises(UnavailableError, match="zeroia cannot be reached") as unreached:
            await calls.to("zeroia").request("POST", "/states/1")

    assert unreached.value.status_code == 503
    assert calls.measured("arkalia_call_retries_total", {"callee": "zeroia"}) == 2


async def test_connection_that_breaks_off_is_no_answer(caller):
    async def hang_up(_reader, writer):
        writer.close()

    silent = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    mount(caller.identity, callees_json=json.dumps({"zeroia": f"http://127.0.0.1:{port}"}))
    async with silent, calls_of(caller) as calls:
        with pytest.raises(UnavailableError, match="broke the connection off"):
            await calls.to("zeroia").request("POST", "/states/1")

    assert calls.measured("arkalia_call_retries_total", {"callee": "zeroia"}) is None


async def test_nothing_is_sent_to_who_shows_another_authoritys_certificate(callee, caller):
    mount(callee.tls, **Authority("an impostor").issue("localhost"))
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await calls.to("zeroia").request("GET", "/states/1")

    assert zeroia.requests == []


async def test_nothing_is_sent_to_who_shows_the_certificate_of_another_name(
    callee, caller, authority
):
    mount(callee.tls, **authority.issue("luna-taskia.team-a.svc"))
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await calls.to("zeroia").request("GET", "/states/1")

    assert zeroia.requests == []


async def test_calls_go_on_while_authority_and_certificate_are_replaced(callee, caller, authority):
    zeroia, successor = Zeroia(seconds=0.002), Authority("the next authority")
    over, statuses = asyncio.Event(), []

    async def keep_calling(calls):
        while not over.is_set():
            answer = await calls.to("zeroia").request("POST", "/states/1")
            statuses.append(answer.status_code)

    async with called(zeroia, callee, caller) as calls, asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(keep_calling(calls))
        for step in (
            lambda: mount(caller.trust, ca_crt=authority.pem + successor.pem),
            lambda: mount(callee.tls, **successor.issue("localhost")),
            lambda: mount(caller.trust, ca_crt=successor.pem),
            lambda: mount(callee.tls, **successor.issue("localhost")),
        ):
            await more(statuses)
            step()
        await more(statuses)
        over.set()

    assert set(statuses) == {200}


async def test_former_connections_are_closed_when_their_last_call_has_ended(
    callee, caller, authority
):
    async with called(Zeroia(seconds=0.3), callee, caller) as calls:
        running = asyncio.create_task(calls.to("zeroia").request("GET", "/states/1"))
        await asyncio.sleep(0.1)
        former = calls._connections._current
        mount(caller.trust, ca_crt=authority.pem + Authority("next").pem)
        await calls.to("zeroia").request("GET", "/states/2")

        assert (await running).status_code == 200
        assert former.client.is_closed
        assert calls._connections._current is not former


async def test_newest_token_is_shown(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        await calls.to("zeroia").request("GET", "/states/1")
        renewed = CLUSTER.token("helloria", jti="renewed")
        mount(caller.tokens, zeroia=renewed)
        await calls.to("zeroia").request("GET", "/states/1")

    assert zeroia.requests[-1].headers["authorization"] == f"Bearer {renewed}"


async def test_refusal_of_the_callee_is_an_answer(callee, caller):
    callee.allow(taskia=["/*"])
    async with called(Zeroia(), callee, caller) as calls:
        answer = await calls.to("zeroia").request("GET", "/states/1")

    assert (answer.status_code, answer.json()["reason"]) == (403, "caller")


async def test_module_that_is_not_listed_cannot_be_called(caller):
    async with calls_of(caller) as calls:
        with pytest.raises(NotCallableError, match="taskia cannot be called") as refused:
            calls.to("taskia")

    assert refused.value.status_code == 502


async def test_nobody_can_be_called_when_it_is_not_known_who_may_be(caller, tmp_path):
    caller.root.joinpath("identity").rename(tmp_path / "elsewhere")
    async with calls_of(caller) as calls:
        with pytest.raises(NotCallableError, match="not known yet"):
            calls.to("zeroia")


@pytest.mark.parametrize("content", ["", "\n"])
async def test_call_without_a_token_is_not_sent(callee, caller, content):
    mount(caller.tokens, zeroia=content)
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        with pytest.raises(UnavailableError, match="no token"):
            await calls.to("zeroia").request("GET", "/states/1")

    assert zeroia.requests == []


async def test_breaker_opens_when_calls_keep_failing(callee, caller):
    zeroia = Zeroia([503] * 100)
    async with called(zeroia, callee, caller) as calls:
        for _ in range(FAILURES_UNTIL_OPEN):
            with pytest.raises(UnavailableError):
                await calls.to("zeroia").request("POST", "/states/1")
        for _ in range(3):
            with pytest.raises(OpenBreakerError, match="did not answer before"):
                await calls.to("zeroia").request("POST", "/states/1")

    assert len(zeroia.requests) == FAILURES_UNTIL_OPEN
    assert calls.measured("arkalia_call_breaker_open", {"callee": "zeroia"}) == 1


@gives_up
async def test_breaker_opens_when_a_module_never_answers(callee, caller):
    async with called(Zeroia(seconds=30), callee, caller) as calls:
        for _ in range(FAILURES_UNTIL_OPEN):
            with pytest.raises(LateError):
                await calls.to("zeroia").request("GET", "/states/1", timeout_seconds=0.5)
        with pytest.raises(OpenBreakerError):
            await calls.to("zeroia").request("GET", "/states/1", timeout_seconds=0.5)


async def test_breaker_leaves_paced_calls_alone(callee, caller):
    zeroia = Zeroia([503] * (FAILURES_UNTIL_OPEN + 1))
    async with called(zeroia, callee, caller) as calls:
        for _ in range(FAILURES_UNTIL_OPEN + 1):
            with pytest.raises(UnavailableError):
                await calls.to("zeroia").request("POST", "/states/1", paced=True)
        answer = await calls.to("zeroia").request("POST", "/states/1", paced=True)

    assert answer.status_code == 200


@pytest.mark.usefixtures("_quick_breaker")
async def test_breaker_closes_when_the_module_answers_again(callee, caller):
    async with called(Zeroia([503] * FAILURES_UNTIL_OPEN), callee, caller) as calls:
        for _ in range(FAILURES_UNTIL_OPEN):
            with pytest.raises(UnavailableError):
                await calls.to("zeroia").request("POST", "/states/1")
        await asyncio.sleep(0.3)

        answers = [await calls.to("zeroia").request("POST", "/states/1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert calls.measured("arkalia_call_breaker_open", {"callee": "zeroia"}) == 0


@gives_up
async def test_breaker_stays_closed_when_callers_stop_waiting(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        await calls.to("zeroia").request("GET", "/states/1")
        zeroia.seconds = 1.5
        for _ in range(FAILURES_UNTIL_OPEN + 1):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await calls.to("zeroia").request("GET", "/states/1")

        assert (await calls.to("zeroia").request("GET", "/states/1")).status_code == 200

    labels = {"callee": "zeroia", "outcome": "abandoned"}
    assert calls.measured("arkalia_calls_total", labels) == FAILURES_UNTIL_OPEN + 1


@gives_up
async def test_breaker_stays_closed_when_requests_end_before_a_module_could_answer(callee, caller):
    zeroia = Zeroia()
    async with called(zeroia, callee, caller) as calls:
        await calls.to("zeroia").request("GET", "/states/1")
        zeroia.seconds = 1.5
        for _ in range(FAILURES_UNTIL_OPEN + 1):
            deadline.begin("0.5")
            with pytest.raises(LateError):
                await calls.to("zeroia").request("GET", "/states/1")
        deadline.begin("")

        assert (await calls.to("zeroia").request("GET", "/states/1")).status_code == 200


async def test_failed_call_is_a_problem_for_whoever_asked(caller, settings):
    router = APIRouter()

    @router.get("/chat")
    async def chat() -> None:
        async with calls_of(caller) as calls:
            await calls.to("zeroia").request("GET", "/states/1")

    async with served(create_app("helloria", settings, router=router)) as session:
        answer = await session.get("/chat")
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["callee"]) == (503, "zeroia")
    assert problem["detail"] == "zeroia cannot be reached."


@pytest.mark.parametrize("loaded", ["", "import redis.asyncio; "])
def test_service_that_calls_others_loads_no_client_of_redis(loaded):
    program = f"{loaded}import sys, arkalia_runtime.calls.client; print('redis' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )

    assert answer.stdout.strip() == str(bool(loaded))
