import asyncio

import pytest

from arkalia_contract import labels
from arkalia_operator import metrics
from arkalia_operator.cluster import informers as informers_module
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.informers import Informers
from arkalia_operator.cluster.kinds import ACTION
from arkalia_operator.cluster.store import Store
from arkalia_operator.runtime.intake import Intake, OwnResources
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.resources import Resources
from model_api_server import respond, session_for, until

MONITORS = "/apis/monitoring.coreos.com/v1/namespaces/ns/servicemonitors"
SERVED = {"monitoring.coreos.com/v1": ["servicemonitors", "prometheusrules"]}
LABELS = {labels.SYSTEM: "luna", labels.MANAGED_BY: labels.MANAGED_BY_OPERATOR}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(informers_module, "DISCOVERY_SECONDS", 0.1)


class Running:
    def __init__(self, client, namespaces=()):
        self.store, self.changes = Store(), 0
        self.informers = Informers(client, self.store, namespaces, lambda _: None)
        self.task = asyncio.create_task(self.informers.run(self.count))

    def count(self):
        self.changes += 1


@pytest.fixture
async def started(server):
    async with session_for(server) as session:
        running = Running(Client(session))
        yield running
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)


async def test_all_is_synced_once_every_built_in_kind_is_listed(server, started):
    before = started.informers.is_synced

    await asyncio.wait_for(started.informers.synced(), 5)

    assert (before, started.informers.is_synced) == (False, True)
    assert started.informers.served == frozenset()


async def test_optional_kinds_are_used_as_soon_as_they_are_served(server, started):
    await asyncio.wait_for(started.informers.synced(), 5)

    server.groups = dict(SERVED)

    await until(lambda: started.informers.served == {"ServiceMonitor", "PrometheusRule"})
    await until(lambda: started.changes == 2)


async def test_optional_kinds_are_forgotten_when_they_are_not_served_any_more(server, started):
    server.groups = dict(SERVED)
    await server.put(f"{MONITORS}/m", {"metadata": {"labels": LABELS}})
    await until(lambda: len(started.store) == 1)

    server.groups = {}

    await until(lambda: not started.informers.served)
    assert len(started.store) == 0


async def test_nothing_is_forgotten_while_discovery_fails(server, started):
    server.groups = dict(SERVED)
    await until(lambda: len(started.informers.served) == 2)

    server.script("GET", "/apis", respond(403), times=5)
    await until(lambda: not server.scripted)

    assert len(started.informers.served) == 2


async def test_a_kind_that_may_not_be_listed_does_not_hold_up_the_others(
    server, started, monkeypatch
):
    monkeypatch.setattr(informers_module, "OPTIONAL_SYNC_SECONDS", 0.2)
    server.script("GET", "servicemonitors", respond(403), times=1000)
    server.groups = dict(SERVED)
    await until(lambda: "PrometheusRule" in started.informers.served)

    await asyncio.wait_for(started.informers.synced(), 5)

    assert started.informers.served == {"PrometheusRule"}


async def test_only_the_named_namespaces_are_watched(server):
    async with session_for(server) as session:
        running = Running(Client(session), ("one", "two"))
        await asyncio.wait_for(running.informers.synced(), 5)
        running.task.cancel()

    listed = {each.path for each in server.requests("GET", "/pods")}
    assert listed == {"/api/v1/namespaces/one/pods", "/api/v1/namespaces/two/pods"}


async def test_an_old_server_without_aggregated_discovery_is_told(server, started, caplog):
    server.script("GET", "/apis", respond(200, {"kind": "APIGroupList"}), times=2)

    await asyncio.wait_for(started.informers.synced(), 5)

    assert "Kubernetes 1.30 or newer is needed" in caplog.text


async def test_age_of_every_watch_is_measured_and_whether_children_are_listed(server, started):
    kept = OwnResources(Resources(), Intake(Resources(), Queue()))
    started.informers.include(ACTION, kept)
    await asyncio.wait_for(started.informers.synced(), 5)

    started.informers.measure()

    ages = {each.labels["kind"] for each in metrics.INFORMER_AGE.collect()[0].samples}
    synced = {each.labels["kind"] for each in metrics.INFORMER_SYNCED.collect()[0].samples}
    assert {"Service", "ArkaliaAction"} <= ages
    assert "Service" in synced
    assert "ArkaliaAction" not in synced
