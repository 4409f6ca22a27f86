"""A real `security` behind TLS with a database of its own, and a gateway's door that asks it."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arkalia_contract import headers, identity
from arkalia_helloria.access.door import AccountDoor
from arkalia_helloria.callers import DeniedError
from arkalia_helloria.routes import Route
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.identity.certificates import ServerCertificate
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from arkalia_security.app import create
from arkalia_security.settings import SecuritySettings
from data_services import migrate
from unit.arkalia_runtime.authority import NAMESPACE, SYSTEM, Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port, served
from unit.arkalia_security.asking import CHEAP

AUTHORITY, CLUSTER = Authority(), Cluster()
ADMIN = "the first password of the administrator"
CLIENT = "192.0.2.7"


def a_route(*scopes, path="/tasks", module="taskia"):
    return Route(module, path, frozenset({"GET"}), frozenset(scopes))


@dataclass
class Accounts:
    """Where `security` is, and what a gateway needs to reach it."""

    own: Mounts
    gateway: Mounts
    port: int

    @classmethod
    def of(cls, root, schema):
        own, gateway, port = Mounts(root / "security"), Mounts(root / "helloria"), free_port()
        mount(own.tls, **AUTHORITY.issue("localhost"))
        mount(own.trust, **CLUSTER.trust(), ca_crt=AUTHORITY.pem)
        mount(own.data, postgresql_json=schema.file())
        mount(own.root / "key", key="a key of this test, of more than 256 bits: 0123456789abcdef")
        mount(own.root / "admin", username="admin", password=ADMIN)
        own.allow(helloria=["/*"])
        migrate(own, schema, "forward", module="security")
        mount(gateway.trust, ca_crt=AUTHORITY.pem)
        callees = json.dumps({"security": f"https://localhost:{port}"})
        mount(gateway.identity, callees_json=callees)
        audience = identity.audience(NAMESPACE, SYSTEM, "security")
        mount(gateway.tokens, security=CLUSTER.token("helloria", aud=[audience]))
        return cls(own, gateway, port)

    @asynccontextmanager
    async def serving(self, **changes):
        """`security`, as long as it is there."""
        folders = {"key_folder": self.own.root / "key", "admin_folder": self.own.root / "admin"}
        settings = SecuritySettings(
            **self.own.settings | {"module": "security"} | folders | changes
        )
        certificate = ServerCertificate(self.own.tls, 0)
        async with served(create(settings, CHEAP), certificate.context, self.port):
            yield

    @property
    def settings(self):
        return ServiceSettings(**self.gateway.settings | {"module": "helloria"})

    @asynccontextmanager
    async def door(self, **changes):
        """An open door, and what it measures."""
        made, metrics = AccountDoor(self.settings, **changes), Metrics("helloria", "1")
        made.measure(metrics)
        async with made.open():
            yield Visitor(made, metrics.registry)

    @asynccontextmanager
    async def asking(self):
        """Calls as the gateway forwards them."""
        async with Calls(self.settings, Metrics("helloria", "1")) as calls:

            async def ask(method, path, body=None, user=""):
                said = {headers.USER: user, headers.SCOPES: "*", headers.FORWARDED_FOR: CLIENT}
                answer = await calls.to("security").request(
                    method, path, json=body, headers=said if user else {}
                )
                assert answer.is_success, answer.text
                return answer.json() if answer.content else None

            yield ask


@dataclass
class Visitor:
    """Somebody before the door."""

    door: AccountDoor
    registry: object

    async def comes(self, credential="", route=None, method="GET", **said):
        """Who was let in, or the status and sentence of the refusal."""
        shown = {"authorization": f"Bearer {credential}"} if credential else {}
        try:
            return await self.door.let_in(shown | said, CLIENT, route or a_route("chat"), method)
        except DeniedError as error:
            return error.status, str(error)

    def measured(self, name, **labels):
        return self.registry.get_sample_value(name, labels)
