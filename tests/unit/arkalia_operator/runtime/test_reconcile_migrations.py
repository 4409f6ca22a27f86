"""A module from version to version against a model of the API server, with all its Jobs."""

import pytest

from arkalia_operator.desired.kinds import BY_NAME
from model_api_server import session_for
from unit.arkalia_operator.runtime.reconciling import LUNA, SYSTEM, a_reconciler

MODULE = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliamodules/weather"
DEPLOYMENT = "/apis/apps/v1/namespaces/ns/deployments/luna-weather"
ROUNDS = 12
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "message": "it gave up"}]}


class Cluster:
    """A cluster in which everything that is asked for comes true, and Jobs end as they are told."""

    def __init__(self, server, reconciler):
        self.server, self.reconciler = server, reconciler
        self.moved = []
        """Way and version of the image of each migration that was begun."""

    async def declare(self):
        body = await self.server.put(SYSTEM, {"spec": {"modules": {"weather": {}}}})
        self.reconciler.resources.systems.put(body)

    async def reach(self, version, migration=COMPLETE):
        """Bring the module to *version*; its migrations end with this status."""
        spec = {
            "image": {"repository": "weather", "tag": version},
            "components": [{"name": "main"}],
            "needs": {"postgresql": True},
            "migrations": {"forward": ["forward"], "back": ["back"]},
        }
        self.reconciler.resources.modules.put(await self.server.put(MODULE, {"spec": spec}))
        for _ in range(ROUNDS):
            await self.reconciler.reconcile(LUNA)
            self.reconciler.resources.systems.put(self.server.objects[SYSTEM])
            for path, body in tuple(self.server.objects.items()):
                await self.play(path, body, migration)

    async def play(self, path, body, migration):
        status = self.status_of(body, migration)
        if status and body.get("status") != status:
            live = await self.server.edit(path, status=status)
            self.reconciler.store.put(BY_NAME[body["kind"]], live)

    def status_of(self, body, migration):
        ready = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), 1)
        if body.get("kind") in {"StatefulSet", "Deployment"}:
            return ready | {"availableReplicas": 1, "observedGeneration": 9}
        if body.get("kind") != "Job":
            return None
        if "arkalia.io/module" not in body["metadata"]["labels"]:
            return COMPLETE
        [container] = body["spec"]["template"]["spec"]["containers"]
        if "status" not in body:
            self.moved.append((container["command"][0], container["image"].rsplit(":", 1)[1]))
        return migration

    async def delete(self):
        """The system goes, and what it owns; what is retained stays."""
        for path, body in tuple(self.server.objects.items()):
            if body["metadata"].get("ownerReferences") or path == SYSTEM:
                await self.server.remove(path)
                self.forget(body)

    def forget(self, body):
        if body.get("kind") in BY_NAME:
            self.reconciler.store.gone(BY_NAME[body["kind"]], body)

    @property
    def running(self):
        """The version that the pods have."""
        template = self.server.objects[DEPLOYMENT]["spec"]["template"]
        return template["spec"]["containers"][0]["image"].rsplit(":", 1)[1]

    @property
    def ready(self):
        conditions = self.server.objects[SYSTEM]["status"]["conditions"]
        [found] = [each for each in conditions if each["type"] == "Ready"]
        return found["status"], found["reason"]


@pytest.fixture
async def cluster(server):
    async with session_for(server) as session:
        found = Cluster(server, a_reconciler(session, {"0.1.0": {}}))
        await found.declare()
        yield found


async def test_a_module_runs_once_its_schema_is_there(cluster):
    await cluster.reach("1.0.0")

    assert cluster.ready == ("True", "SystemReady")
    assert cluster.moved == [("forward", "1.0.0")]


async def test_a_module_follows_its_versions_up_and_down(cluster):
    await cluster.reach("1.0.0")
    await cluster.reach("2.0.0")
    await cluster.reach("1.0.0")

    assert (cluster.ready[0], cluster.running) == ("True", "1.0.0")
    assert cluster.moved == [("forward", "1.0.0"), ("forward", "2.0.0"), ("back", "2.0.0")]


async def test_a_failed_migration_leaves_the_old_pods_until_a_version_comes_that_works(cluster):
    await cluster.reach("1.0.0")

    await cluster.reach("2.0.0", FAILED)
    assert (*cluster.ready, cluster.running) == ("False", "MigrationFailed", "1.0.0")

    await cluster.reach("2.0.1")
    assert (cluster.ready[0], cluster.running) == ("True", "2.0.1")


async def test_a_failed_migration_is_forgotten_with_the_version_that_wanted_it(cluster):
    await cluster.reach("1.0.0")
    await cluster.reach("2.0.0", FAILED)

    await cluster.reach("1.0.0")

    assert (cluster.ready[0], cluster.running) == ("True", "1.0.0")
    assert cluster.moved == [("forward", "1.0.0"), ("forward", "2.0.0")]


@pytest.mark.parametrize(
    ("version", "moved"),
    [("2.0.0", []), ("3.0.0", [("forward", "3.0.0")]), ("1.0.0", [("back", "2.0.0")])],
)
async def test_a_new_system_moves_the_schema_that_an_earlier_one_left(cluster, version, moved):
    await cluster.reach("2.0.0")
    await cluster.delete()
    cluster.moved.clear()

    await cluster.declare()
    await cluster.reach(version)

    assert (cluster.ready[0], cluster.running) == ("True", version)
    assert cluster.moved == moved
