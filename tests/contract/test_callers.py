"""Who is let in to every service, with the tokens of real keys: whom `module.yaml` names, no others.

What one token may not do stands in the tests of the runtime's guard; this is about the ten
services as they are put together, and the callers that the operator gives them.
"""

import importlib
import json
from functools import cache
from pathlib import Path
from typing import get_type_hints

import httpx
import pytest

from arkalia_contract import endpoints, identity
from arkalia_operator.api.resources import ArkaliaModule
from arkalia_operator.catalogue.generate import bodies
from arkalia_runtime.identity.callers import Paths
from unit.arkalia_runtime.authority import NAMESPACE, SYSTEM, Cluster, Mounts, mount

ROOT = Path(__file__).resolve().parents[2]
DESCRIBED = {name: ArkaliaModule.from_body(body) for name, body in bodies(ROOT).items()}
NAMES = sorted(DESCRIBED)
CLUSTER = Cluster()
FOR_ALL = Paths.of(identity.WITHOUT_TOKEN)

every_service = pytest.mark.parametrize("name", NAMES)


def callers_of(callee):
    """Paths of *callee* that the descriptions of other modules name, by module."""
    return {
        caller: list(call.paths)
        for caller, module in DESCRIBED.items()
        for call in module.spec.calls
        if call.module == callee
    }


@cache
def folders(root):
    """What the operator mounts into the pods of every module of a system."""
    for callee in NAMES:
        mounts = Mounts(root / callee)
        mount(mounts.trust, **CLUSTER.trust())
        mount(mounts.identity, callers_json=json.dumps(callers_of(callee)))
    return root


@pytest.fixture
def service(tmp_path_factory, name):
    """A client of the service, as it is in a system; nothing that it needs is there."""
    create = importlib.import_module(f"arkalia_{name.replace('-', '_')}.app").create
    root = folders(tmp_path_factory.getbasetemp())
    own = Mounts(root / name).settings | {"module": name, "version": "1"}
    app = create(get_type_hints(create)["settings"](**own))
    reached = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=reached, base_url="http://service"), app


def guarded(app):
    """Path and method of every route that is not for everybody."""
    public = app.state.settings.public
    for path, methods in app.openapi()["paths"].items():
        open_to_all = path in FOR_ALL
        if not (open_to_all or (public and not path.startswith(endpoints.CONTROL_ACTIONS))):
            yield from ((path, method.upper()) for method in methods)


def bearer(caller, callee):
    token = CLUSTER.token(caller, aud=[identity.audience(NAMESPACE, SYSTEM, callee)])
    return {"Authorization": f"Bearer {token}"}


@every_service
async def test_every_route_of_its_own_refuses_whoever_shows_no_token(service, name):
    client, app = service
    wanted = list(guarded(app))

    answers = [(await client.request(method, path)) for path, method in wanted]

    assert wanted
    assert {each.status_code for each in answers} == {401}
    assert {each.json()["reason"] for each in answers} == {"missing"}


@every_service
async def test_each_module_is_let_in_where_its_description_says_that_it_calls_and_nowhere_else(
    service, name
):
    client, app = service
    let_in = set()
    for caller in NAMES:
        for path, method in guarded(app):
            answer = await client.request(method, path, headers=bearer(caller, name))
            if answer.status_code not in {401, 403}:
                let_in.add((caller, path))

    assert let_in == {
        (caller, path)
        for caller in NAMES
        for path, _ in guarded(app)
        if path in Paths.of(callers_of(name).get(caller, []))
    }


@every_service
async def test_token_for_another_module_is_refused(service, name):
    client, app = service
    another = next(each for each in NAMES if each != name)

    answers = [
        await client.request(method, path, headers=bearer("reflexia", another))
        for path, method in guarded(app)
    ]

    assert {each.status_code for each in answers} == {401}


@every_service
async def test_probes_and_scrapes_need_no_token(service, name):
    client, _ = service

    for path in (endpoints.HEALTH_LIVE, endpoints.METRICS, endpoints.STATUS):
        assert (await client.get(path)).status_code == 200
