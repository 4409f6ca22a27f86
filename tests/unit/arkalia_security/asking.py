"""The service with a database of its own, and what the gateway would ask it."""

import asyncio
import json
from contextlib import asynccontextmanager

from argon2 import PasswordHasher

from arkalia_contract import access, headers
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_security.app import create
from arkalia_security.ground import EMITS, Ground
from arkalia_security.material import Secret
from arkalia_security.measures import Measures
from arkalia_security.passwords import Passwords
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

ADMIN = "the first password of the administrator"
PASSWORD = "correct horse battery staple"
HERE = "192.0.2.7"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests of which the cost of a password is not the subject: it is a tenth of a second."""


@asynccontextmanager
async def standing(settings):
    """What the parts of the service stand on."""
    database = Database.of(settings)
    outbox = Outbox.of(database, settings, EMITS)
    hashing = Passwords(settings.hashes_at_once, CHEAP)
    async with database.open(), hashing.open():
        yield Ground(database, outbox, Secret(settings), hashing, Measures(), settings)


class Asking:
    """Asks the service as the gateway does."""

    def __init__(self, session):
        self._session = session

    async def ask(self, method, path, body=None, **who):
        """Status and JSON of the answer to *who*: user, roles, scopes, key, client."""
        said = {headers.FORWARDED_FOR: who.get("client", HERE)}
        if user := who.get("user"):
            said[headers.USER] = user
            said |= {headers.SCOPES: who.get("scopes", "*"), headers.KEY: who.get("key", "")}
            said |= {headers.ROLES: who.get("roles", "")}
        async with self._session.request(method, path, json=body, headers=said) as answer:
            self.headers = answer.headers.copy()
            text = await answer.read()
            return answer.status, json.loads(text) if text else None

    async def done(self, method, path, body=None, **who):
        """JSON of an answer that is a success."""
        status, answer = await self.ask(method, path, body, **who)
        assert status < 300, answer
        return answer

    async def log_in(self, name="admin", password=ADMIN, **more):
        client = more.pop("client", HERE)
        body = {"user": name, "password": password, **more}
        return await self.ask("POST", "/auth/login", body, client=client)

    async def view(self):
        return await self.done("GET", access.VIEW)

    async def administrator(self):
        """Id of the first administrator, once there is one."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := (await self.view())["users"]):  # noqa: ASYNC110 - polls a service
                await asyncio.sleep(0.05)
        return found[0]["id"]

    async def user(self, name, roles=("user",), password=PASSWORD):
        """Id of a new user."""
        body = {"name": name, "roles": list(roles), "password": password}
        return (await self.done("POST", "/users", body, user="root"))["id"]


@asynccontextmanager
async def serving(settings):
    async with served(create(settings, CHEAP)) as session:
        yield Asking(session)


def told(schema, name):
    """The data of all events of a type, in the order in which they were committed."""
    rows = schema.rows(f"SELECT data FROM outbox WHERE type = 'io.arkalia.{name}' ORDER BY id")
    return [data for (data,) in rows]
