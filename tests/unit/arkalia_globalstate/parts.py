"""Parts of a system for the tests of the record: modules that tell events, and the record itself."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from fastapi import FastAPI

from arkalia_contract import identity
from arkalia_globalstate.app import create
from arkalia_globalstate.settings import RecordSettings
from arkalia_runtime.app import create_app
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.identity.certificates import ServerCertificate
from arkalia_runtime.settings import ServiceSettings
from data_services import Postgresql, Redis, Schema, migrate
from unit.arkalia_runtime.authority import NAMESPACE, SYSTEM, Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port, served

DECIDED = "io.arkalia.decision.made"
AUTHORITY = Authority()
CLUSTER = Cluster()


def decision(number: int) -> dict[str, object]:
    return {"decision_id": str(number), "subject": "s", "verdict": "watch", "confidence": 0.5}


def a_pod(root: Path, module: str, postgresql: Postgresql) -> tuple[Mounts, Schema]:
    """The folders of a pod of *module*, and its schema with its tables."""
    mounts, schema = Mounts(root / module), postgresql.new_schema(module)
    mount(mounts.tls, **AUTHORITY.issue("localhost"))
    mount(mounts.trust, **CLUSTER.trust(), ca_crt=AUTHORITY.pem)
    mount(mounts.data, postgresql_json=schema.file())
    has_tables = module == "globalstate"
    migrate(mounts, schema, "forward", module=module if has_tables else "helloria")
    return mounts, schema


def token(caller: str, callee: str) -> str:
    return CLUSTER.token(caller, aud=[identity.audience(NAMESPACE, SYSTEM, callee)])


@dataclass
class Emitter:
    """A module that tells events."""

    name: str
    database: Database
    outbox: Outbox
    app: FastAPI
    mounts: Mounts
    port: int

    @classmethod
    def of(cls, root: Path, name: str, postgresql: Postgresql) -> "Emitter":
        mounts, _ = a_pod(root, name, postgresql)
        mounts.allow(globalstate=["/events/outbox"])
        settings = ServiceSettings(version="1", **mounts.settings | {"module": name})
        database = Database.of(settings)
        outbox = Outbox.of(database, settings, emits=[DECIDED])

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            async with database.open():
                yield

        app = create_app(name, settings, router=outbox.router, lifespan=lifespan)
        return cls(name, database, outbox, app, mounts, free_port())

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        certificate = ServerCertificate(self.mounts.tls, 0)
        async with served(self.app, certificate.context, self.port):
            yield

    async def tell(self, *numbers: int) -> None:
        for number in numbers:
            async with self.database.transaction() as connection:
                await self.outbox.publish(connection, DECIDED, "one stream", decision(number))


@dataclass
class Keeper:
    """The record, to be started and stopped."""

    mounts: Mounts
    schema: Schema

    @classmethod
    def of(cls, root: Path, postgresql: Postgresql, redis: Redis) -> "Keeper":
        mounts, schema = a_pod(root, "globalstate", postgresql)
        file = json.loads((mounts.data / "postgresql.json").read_text())
        mount(mounts.data, postgresql_json=json.dumps(file), **{"redis-queue_json": redis.file()})
        mounts.allow(helloria=["/*"])
        return cls(mounts, schema)

    def follow(self, *emitters: Emitter) -> None:
        """Name the modules whose events it may read."""
        addresses = {each.name: f"https://localhost:{each.port}" for each in emitters}
        mount(
            self.mounts.identity,
            callers_json='{"helloria": ["/*"]}',
            callees_json=json.dumps(addresses),
        )
        mount(
            self.mounts.tokens, **{each.name: token("globalstate", each.name) for each in emitters}
        )

    @asynccontextmanager
    async def serving(self, **settings: object) -> AsyncIterator["Client"]:
        own = self.mounts.settings | {"module": "globalstate", "version": "1"}
        app = create(RecordSettings(**own | settings))
        certificate = ServerCertificate(self.mounts.tls, 0)
        async with served(app, certificate.context) as session:
            yield Client(app, session)


class Client:
    """A module that may ask the record for everything."""

    def __init__(self, app: FastAPI, session: aiohttp.ClientSession) -> None:
        self.app = app
        self._session = session
        self._base = f"https://localhost:{session._base_url.port}"
        self._trusted = ssl.create_default_context(cadata=AUTHORITY.pem.decode())

    async def ask(
        self, method: str, path: str, **content: object
    ) -> tuple[int, Mapping[str, str], object]:
        """Status, headers and JSON of the answer."""
        headers = {"Authorization": f"Bearer {token('helloria', 'globalstate')}"}
        headers |= content.pop("headers", {})
        async with self._session.request(
            method, f"{self._base}{path}", ssl=self._trusted, headers=headers, **content
        ) as answer:
            text = await answer.read()
            return answer.status, answer.headers.copy(), json.loads(text) if text else None

    async def recorded(self, **asked: object) -> list[dict[str, object]]:
        """What the record has."""
        params = {key: str(value) for key, value in ({"after": 0, "limit": 1000} | asked).items()}
        status, _, events = await self.ask("GET", "/events", params=params)
        assert status == 200, events
        return events
