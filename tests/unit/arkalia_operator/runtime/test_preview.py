"""What is read of a cluster for a plan, from the model of the API server."""

import pytest

from arkalia_contract import labels
from arkalia_operator import catalogue
from arkalia_operator.cluster.client import Client
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.runtime.preview import Planner, Reader
from arkalia_operator.settings import IMAGE_REGISTRY
from model_api_server import respond, session_for
from model_discovery import ISSUER

PATH = "/apis/arkalia.io/v1alpha1/namespaces/arkalia/arkaliasystems/"
AVAILABLE = Modules(catalogue.load(), {}, {}, Defaults("0.1.0", "images.example.com"))


def at_once(_system):
    return "AtOnce"


@pytest.fixture
async def read(server):
    """What is read of a cluster with a system that is as it should be, and one that is not."""
    await server.put(f"{PATH}luna", {"spec": {}})
    await server.put(f"{PATH}sol", {"spec": {"environment": 7}})
    async with session_for(server) as session:
        yield await Reader(Client(session), at_once).read(None, AVAILABLE)


async def test_system_that_cannot_be_read_does_not_hinder_the_others(read):
    planner = Planner(read, AVAILABLE, at_once)

    found = {each.key.name: each for each in map(planner.of_body, read.systems)}

    assert read.told.keys() == {"arkalia/luna"}
    assert found["luna"].told
    assert not found["sol"].told


async def test_keys_of_the_cluster_are_read_once(server):
    for name in ("luna", "sol", "terra"):
        await server.put(f"{PATH}{name}", {"spec": {}})

    async with session_for(server) as session:
        await Reader(Client(session), at_once).read(None, AVAILABLE)

    assert [len(server.requests("GET", path)) for path in ISSUER] == [1, 1]


def an_operator(registry):
    env = [{"name": IMAGE_REGISTRY, "value": registry}] if registry else []
    own = dict(each.split("=") for each in labels.OPERATOR.split(","))
    return {
        "metadata": {"labels": own | {labels.PART_OF: labels.PART_OF_ARKALIA}},
        "spec": {"template": {"spec": {"containers": [{"name": "operator", "env": env}]}}},
    }


@pytest.mark.parametrize(
    ("registries", "expected"),
    [
        (["here.example.com"], "here.example.com"),
        (["here.example.com", "here.example.com"], "here.example.com"),
        (["here.example.com", "there.example.com"], None),
        ([None], None),
        ([], None),
    ],
)
async def test_registry_is_the_one_that_all_operators_say(server, registries, expected):
    for number, registry in enumerate(registries):
        path = f"/apis/apps/v1/namespaces/ops/deployments/operator-{number}"
        await server.put(path, an_operator(registry))

    async with session_for(server) as session:
        found = await Reader(Client(session), at_once).read(None, AVAILABLE)

    assert found.registry == expected


async def test_registry_is_unknown_to_who_may_not_see_operators(server):
    server.script("GET", "/apis/apps/v1/deployments", respond(403, {"message": "no"}))

    async with session_for(server) as session:
        found = await Reader(Client(session), at_once).read(None, AVAILABLE)

    assert found.registry is None


async def test_reading_writes_nothing(server, read):
    assert server.writes() == []
