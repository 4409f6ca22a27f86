"""A reconciler in one piece, for tests against a model of the API server."""

from datetime import UTC, datetime

from arkalia_operator import catalogue
from arkalia_operator.cluster.api_keys import ApiKeys
from arkalia_operator.cluster.bundles import Bundles
from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.cluster.events import Recorder
from arkalia_operator.cluster.execute import Executor
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.certificates import Lifetimes
from arkalia_operator.desired.resolve import Defaults
from arkalia_operator.desired.trust import Issuer
from arkalia_operator.runtime.actions import Actions
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.identity import Identity
from arkalia_operator.runtime.reconcile import Reconciler
from arkalia_operator.runtime.resolver import Resolver
from arkalia_operator.runtime.resources import Resources
from builders import an_upgrade

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIFETIMES = Lifetimes()
MODULES = {"helloria", "taskia"}
"""Two that have data of every kind between them: ten show no more of a reconcile."""
BUILT_IN = {
    version: {name: each for name, each in modules.items() if name in MODULES}
    for version, modules in catalogue.load().items()
}
ISSUER = Issuer("https://issuer", '{"keys":[]}')
LUNA = SystemKey("ns", "luna")
SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems/luna"


def a_reconciler(session, builtin):
    """One that knows the *builtin* modules, and nothing yet of the cluster behind *session*."""
    client, store, resources = Client(session), Store(), Resources()
    return Reconciler(
        resources=resources,
        store=store,
        client=client,
        executor=Executor(client, store),
        recorder=Recorder(client),
        identity=Identity(Certificates(client, LIFETIMES), LIFETIMES, lambda: ISSUER, lambda: NOW),
        data=DataServices(Credentials(client), LIFETIMES.spread_seconds, lambda: NOW),
        bundles=Bundles(client),
        api_keys=ApiKeys(client),
        served=frozenset,
        resolver=Resolver(resources, builtin, Defaults("0.1.0", "localhost/arkalia")),
        upgrades=an_upgrade(),
        actions=Actions(client, resources),
    )


async def settle(server, reconciler):
    """Have a system of which nothing is left to do for now."""
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": {}}))
    for _ in range(3):
        await reconciler.reconcile(LUNA)
        reconciler.resources.systems.put(server.objects[SYSTEM])
    server.seen.clear()
