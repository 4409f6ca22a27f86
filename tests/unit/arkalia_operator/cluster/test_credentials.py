"""The Secrets of a system's data on a model of the API server: made, read, handed over, mistrusted."""

import base64
import json

import pytest

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials, Preparing
from arkalia_operator.cluster.passwords import sha256
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Target
from arkalia_operator.desired.data.needs import WantedSecret
from arkalia_operator.errors import ConflictError, ForbiddenError
from arkalia_operator.planning.credentials import HandOver, Slot, WriteAdmin
from arkalia_operator.planning.external import External
from arkalia_operator.planning.findings import Finding
from builders import a_system
from model_api_server import respond, session_for

SYSTEM = a_system()
POSTGRESQL, QUEUE = DataService.POSTGRESQL, DataService.QUEUE
SECRETS = "/api/v1/namespaces/arkalia/secrets"
ENDPOINTS = {
    POSTGRESQL: Endpoint("luna-postgresql.arkalia.svc", 5432, "arkalia"),
    QUEUE: Endpoint("luna-redis-queue.arkalia.svc", 6379),
}
TARGETS = {service: Target(service, each, "") for service, each in ENDPOINTS.items()}
ALPHA = WantedSecret("luna-alpha-data", "alpha", {QUEUE: "alpha"})
MIGRATIONS = WantedSecret("luna-alpha-migrations", "alpha", {POSTGRESQL: "alpha.migrations"})
MINE = {"postgresql": {"mode": "external", "secret": {"name": "mine"}}}


class Hands:
    """The credentials of one system, and a clock that only passes when it is told to."""

    def __init__(self, client):
        self.now = 0.0
        self.credentials = Credentials(client, lambda: self.now)

    async def look(self, *wanted, system=SYSTEM):
        return await self.credentials.look(system, wanted or [ALPHA, MIGRATIONS])

    async def write(self, service, *slots, account="alpha", system=SYSTEM, secret=None):
        """Give *account* the logins of *slots*; returns what is seen then."""
        step = WriteAdmin(service, secret, {account: slots or (Slot(1, 1),)})
        preparing = Preparing(TARGETS[service], "lineage-1", frozenset({account}))
        await self.credentials.write_admin(system, step, preparing)
        return (await self.look(system=system)).admin[service]

    async def hand_over(self, wanted, login, secret=None):
        [service] = wanted.accounts
        step = HandOver(wanted, secret, {service: login})
        await self.credentials.hand_over(SYSTEM, step, TARGETS)
        return (await self.look()).modules[wanted.name]


@pytest.fixture
async def hands(server):
    async with session_for(server) as session:
        yield Hands(Client(session))


def content(server, name):
    """What a Secret holds, as text by key."""
    data = server.objects[f"{SECRETS}/{name}"]["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def accounts(server, name):
    return json.loads(content(server, name)["accounts.json"])


def spoil(server, name, **texts):
    """Write into the Secret *name*, as somebody else."""
    data = server.objects[f"{SECRETS}/{name}"]["data"]
    for key, text in texts.items():
        data[key.replace("_", ".")] = base64.b64encode(text.encode()).decode()


async def test_nothing_is_seen_when_nothing_is_there(hands):
    seen = await hands.look()

    assert (seen.admin, seen.modules, seen.external, seen.authority) == ({}, {}, {}, "")


async def test_password_is_made_and_known_without_another_read(server, hands):
    seen = await hands.write(QUEUE)

    [login] = seen.accounts["alpha"]
    assert (login.slot, login.revision) == (1, 1)
    assert (seen.is_ours, seen.complete, seen.lineage) == (True, True, "lineage-1")
    [stored] = accounts(server, "luna-redis-queue")["alpha"]
    assert (stored["id"], sha256(stored["password"])) == (login.id, login.verifier)
    assert len(server.requests("GET", "luna-redis-queue")) == 0


async def test_what_is_remembered_holds_no_password(server, hands):
    seen = await hands.write(QUEUE)

    [stored] = accounts(server, "luna-redis-queue")["alpha"]
    assert stored["password"] not in repr(seen)
    assert stored["password"] not in repr(vars(hands.credentials._secrets))


async def test_redis_starts_from_a_file_in_which_the_modules_password_is_good(server, hands):
    await hands.write(QUEUE)

    [stored] = accounts(server, "luna-redis-queue")["alpha"]
    written = content(server, "luna-redis-queue")
    assert (
        f"user alpha reset resetchannels on #{sha256(stored['password'])}" in written["users.acl"]
    )
    assert f"user admin reset on #{sha256(written['password'])}" in written["users.acl"]
    assert stored["password"] not in written["users.acl"]


async def test_administrator_of_postgresql_is_told_where_and_as_whom(server, hands):
    await hands.write(POSTGRESQL)

    written = content(server, "luna-postgresql")
    told = {key: written[key] for key in ("host", "port", "database", "username")}
    assert told == {
        "host": "luna-postgresql.arkalia.svc",
        "port": "5432",
        "database": "postgres",
        "username": "postgres",
    }
    assert len(written["password"]) > 40


async def test_next_password_stands_beside_the_one_that_is_kept(server, hands):
    first = await hands.write(QUEUE)
    [login] = first.accounts["alpha"]

    after = await hands.write(QUEUE, Slot(1, 1, login.id), Slot(2, 2), secret=first)

    kept, added = after.accounts["alpha"]
    assert (kept, added.slot, added.revision) == (login, 2, 2)
    assert added.id != login.id
    assert after.provision != first.provision


async def test_administrators_password_stays_when_others_follow(server, hands):
    first = await hands.write(QUEUE)
    before = content(server, "luna-redis-queue")["password"]

    await hands.write(QUEUE, Slot(2, 2), secret=first)

    assert content(server, "luna-redis-queue")["password"] == before


async def test_password_that_is_not_in_the_step_ends(server, hands):
    first = await hands.write(QUEUE)

    await hands.write(QUEUE, Slot(2, 2), secret=first)

    assert [each["slot"] for each in accounts(server, "luna-redis-queue")["alpha"]] == [2]


async def test_nothing_is_written_over_a_secret_that_changed_since_it_was_judged(server, hands):
    seen = await hands.write(QUEUE)
    await server.edit(f"{SECRETS}/luna-redis-queue", type="Opaque")

    with pytest.raises(ConflictError):
        await hands.write(QUEUE, Slot(2, 2), secret=seen)

    assert [each["slot"] for each in accounts(server, "luna-redis-queue")["alpha"]] == [1]


async def test_secret_of_a_data_service_outlives_its_system(server, hands):
    seen = await hands.write(QUEUE)

    described = server.objects[f"{SECRETS}/luna-redis-queue"]["metadata"]
    assert "ownerReferences" not in described
    assert seen.owner_uid == ""


async def test_secret_of_a_data_service_ends_with_a_system_that_deletes_its_data(server, hands):
    seen = await hands.write(QUEUE, system=a_system(deletionPolicy="Delete"))

    assert seen.owner_uid == SYSTEM.uid


async def test_module_is_handed_the_password_of_its_login(server, hands):
    [login] = (await hands.write(QUEUE)).accounts["alpha"]

    seen = await hands.hand_over(ALPHA, login)

    [stored] = accounts(server, "luna-redis-queue")["alpha"]
    file = json.loads(content(server, "luna-alpha-data")["redis-queue.json"])
    assert file == {
        "host": "luna-redis-queue.arkalia.svc",
        "port": 6379,
        "password": stored["password"],
        "authorities": "",
        "user": "alpha",
        "prefix": "alpha:",
    }
    assert (seen.is_ours, seen.given[QUEUE].login) == (True, login.id)
    assert seen.given[QUEUE].endpoint == ENDPOINTS[QUEUE].digest


async def test_module_is_handed_the_next_password_when_two_are_there(server, hands):
    first = await hands.write(QUEUE)
    [before] = first.accounts["alpha"]
    both = await hands.write(QUEUE, Slot(1, 1, before.id), Slot(2, 2), secret=first)

    await hands.hand_over(ALPHA, both.accounts["alpha"][1])

    file = json.loads(content(server, "luna-alpha-data")["redis-queue.json"])
    assert sha256(file["password"]) == both.accounts["alpha"][1].verifier


async def test_migrations_are_handed_a_role_of_their_own(server, hands):
    made = await hands.write(POSTGRESQL, account="alpha.migrations")
    [login] = made.accounts["alpha.migrations"]

    await hands.hand_over(MIGRATIONS, login)

    file = json.loads(content(server, "luna-alpha-migrations")["postgresql.json"])
    assert (file["database"], file["schema"], file["user"]) == (
        "arkalia",
        "alpha",
        "luna_alpha_migrations",
    )


async def test_secret_of_a_module_ends_with_its_system(server, hands):
    [login] = (await hands.write(QUEUE)).accounts["alpha"]

    await hands.hand_over(ALPHA, login)

    [owner] = server.objects[f"{SECRETS}/luna-alpha-data"]["metadata"]["ownerReferences"]
    assert owner["uid"] == SYSTEM.uid


async def test_secret_that_somebody_else_has_in_the_place_of_a_modules_is_not_ours(server, hands):
    await server.put(f"{SECRETS}/luna-alpha-data", {"data": {}})

    assert not (await hands.look()).modules["luna-alpha-data"].is_ours


@pytest.mark.parametrize(
    "spoilt",
    [{"redis-queue_json": "{}"}, {"given_json": "{"}, {"given_json": '{"queue": 1}'}],
    ids=["file", "no json", "no login"],
)
async def test_file_that_is_not_as_it_was_written_counts_as_not_given(server, hands, spoilt):
    [login] = (await hands.write(QUEUE)).accounts["alpha"]
    await hands.hand_over(ALPHA, login)

    spoil(server, "luna-alpha-data", **spoilt)
    hands.now += FRESH_SECONDS

    assert (await hands.look()).modules["luna-alpha-data"].given == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"alpha": [{"slot": 1}]}', '{"alpha": 1}'])
async def test_accounts_that_cannot_be_read_are_none_and_not_empty(server, hands, text):
    await hands.write(QUEUE)

    spoil(server, "luna-redis-queue", accounts_json=text)
    hands.now += FRESH_SECONDS

    assert (await hands.look()).admin[QUEUE].accounts is None


async def test_secret_without_its_password_is_not_complete(server, hands):
    await hands.write(QUEUE)

    spoil(server, "luna-redis-queue", password="")
    hands.now += FRESH_SECONDS

    assert not (await hands.look()).admin[QUEUE].complete


async def test_secret_is_believed_for_a_minute_and_then_read_again(server, hands):
    await hands.write(QUEUE)
    await server.remove(f"{SECRETS}/luna-redis-queue")

    hands.now += FRESH_SECONDS - 1
    assert QUEUE in (await hands.look()).admin
    hands.now += 1
    assert QUEUE not in (await hands.look()).admin


async def test_users_secret_says_where_an_external_service_is(server, hands):
    texts = {
        "host": "db.example.com", "port": "5433", "database": "luna", "username": "admin",
        "password": "secret",
    }  # fmt: skip
    await server.put(f"{SECRETS}/mine", {"data": {}})
    spoil(server, "mine", **texts)

    found = (await hands.look(system=a_system(data=MINE))).external[POSTGRESQL]

    assert isinstance(found, External)
    assert found.endpoint == Endpoint("db.example.com", 5433, "luna")


async def test_users_secret_that_is_missing_is_a_finding(hands):
    found = (await hands.look(system=a_system(data=MINE))).external[POSTGRESQL]

    assert isinstance(found, Finding)
    assert "mine" in found.message


async def test_authority_of_cloudnativepg_is_read_from_its_own_secret(server, hands):
    system = a_system(data={"postgresql": {"mode": "cnpg"}})
    await server.put(f"{SECRETS}/luna-postgresql-ca", {"data": {}})
    spoil(server, "luna-postgresql-ca", ca_crt="<pem>")

    assert (await hands.look(system=system)).authority == "<pem>"


async def test_credentials_are_not_known_when_secrets_may_not_be_read(server, hands):
    server.script("GET", "secrets", respond(403), times=20)

    with pytest.raises(ForbiddenError):
        await hands.look()
