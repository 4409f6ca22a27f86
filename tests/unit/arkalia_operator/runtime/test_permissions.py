import asyncio

import pytest
from aiohttp import web

from arkalia_operator.cluster.client import Client
from arkalia_operator.desired.kinds import DEPLOYMENT
from arkalia_operator.errors import ForbiddenError
from arkalia_operator.planning.permissions import Right
from arkalia_operator.runtime.permissions import Permissions
from model_api_server import respond, session_for, until
from model_discovery import REVIEWS

PATCH = Right("deployments", "apps", "deployments", "patch")
STATUS = Right("status", "arkalia.io", "arkaliasystems/status", "patch")
KEYS = Right("identity of modules", "", "/openid/v1/jwks", "get")


class Checked:
    def __init__(self, client, namespaces):
        self.used, self.time, self.changes = [PATCH, STATUS, KEYS], 1.0, 0
        self.client = client
        self.permissions = Permissions(client, namespaces, lambda: self.used, lambda: self.time)

    def changed(self):
        self.changes += 1


@pytest.fixture
async def checked(server, monkeypatch):
    monkeypatch.setattr("arkalia_operator.runtime.permissions.STEP_SECONDS", 0.01)
    async with session_for(server) as session:
        yield Checked(Client(session), ())


async def test_rights_that_are_there_are_not_missed(server, checked):
    await checked.permissions.look()

    assert checked.permissions.missing("ns") == ()
    assert checked.permissions.told() == ""
    assert len(server.requests("POST", REVIEWS)) == 3


@pytest.mark.parametrize("right", [PATCH, STATUS, KEYS], ids=lambda right: right.resource)
async def test_a_missing_right_is_found(server, checked, right):
    server.denied.add((right.verb, right.resource))

    await checked.permissions.look()

    assert checked.permissions.missing("ns") == (right,)
    assert right.resource.partition("/")[0] in checked.permissions.told()


async def test_right_of_one_place_is_asked_for_there(server, checked):
    checked.used = [Right("leader election", "coordination.k8s.io", "leases", "get", "ops", "one")]
    asked = []

    async def answer(request):
        asked.append((await request.json())["spec"]["resourceAttributes"])
        return web.json_response({"status": {"allowed": True}})

    server.script("POST", REVIEWS, answer)
    await checked.permissions.look()

    assert (asked[0]["namespace"], asked[0]["name"]) == ("ops", "one")


async def test_rights_are_asked_for_in_each_namespace(server):
    async with session_for(server) as session:
        checked = Checked(Client(session), ("one", "two"))
        server.denied.add((PATCH.verb, PATCH.resource))

        await checked.permissions.look()

    assert checked.permissions.missing("one") == (PATCH,)
    assert checked.permissions.missing("other") == ()


async def test_a_right_that_is_granted_later_is_seen_without_a_restart(server, checked):
    server.denied.add((PATCH.verb, PATCH.resource))
    running = asyncio.create_task(checked.permissions.run(checked.changed))
    await checked.permissions.known.wait()
    assert checked.changes == 0

    server.denied.clear()

    await until(lambda: checked.changes == 1)
    assert checked.permissions.missing("ns") == ()
    running.cancel()


async def test_rights_are_not_asked_for_again_while_all_is_well(server, checked):
    running = asyncio.create_task(checked.permissions.run(checked.changed))
    await checked.permissions.known.wait()
    asked = len(server.requests("POST", REVIEWS))
    await asyncio.sleep(0.1)
    assert len(server.requests("POST", REVIEWS)) == asked

    checked.used.append(Right("jobs", "batch", "jobs", "patch"))
    await until(lambda: len(server.requests("POST", REVIEWS)) == 2 * asked + 1)

    checked.time += 601
    await until(lambda: len(server.requests("POST", REVIEWS)) == 3 * asked + 2)
    running.cancel()


async def test_question_without_an_answer_keeps_the_answer_that_it_had(server, checked):
    server.denied.add((PATCH.verb, PATCH.resource))
    await checked.permissions.look()
    server.script("POST", REVIEWS, respond(403), times=3)

    changed = await checked.permissions.look()

    assert not changed
    assert checked.permissions.missing("ns") == (PATCH,)


async def test_operator_goes_on_although_no_question_is_answered(server, checked):
    server.script("POST", REVIEWS, respond(403), times=3)

    await checked.permissions.look()
    await checked.permissions.look_if_old()

    assert checked.permissions.known.is_set()
    assert checked.permissions.missing("ns") == ()
    assert len(server.requests("POST", REVIEWS)) == 3


async def test_an_api_server_that_does_not_answer_is_asked_again(server, checked):
    server.script("POST", REVIEWS, respond(400))

    running = asyncio.create_task(checked.permissions.run(checked.changed))

    await asyncio.wait_for(checked.permissions.known.wait(), 10)
    await until(lambda: len(server.requests("POST", REVIEWS)) == 6)
    running.cancel()


async def test_something_that_was_refused_makes_it_look_again(server, checked):
    running = asyncio.create_task(checked.permissions.run(checked.changed))
    await checked.permissions.known.wait()
    server.denied.add((PATCH.verb, PATCH.resource))
    server.script("GET", "deployments", respond(403))

    with pytest.raises(ForbiddenError):
        await checked.client.get(DEPLOYMENT, "ns", "luna")

    await until(lambda: checked.changes == 1)
    asked = len(server.requests("POST", REVIEWS))
    assert checked.permissions.missing("ns") == (PATCH,)
    server.denied.clear()
    await until(lambda: checked.changes == 2)
    await asyncio.sleep(0.1)
    assert len(server.requests("POST", REVIEWS)) <= asked + 4 * len(checked.used)
    running.cancel()
