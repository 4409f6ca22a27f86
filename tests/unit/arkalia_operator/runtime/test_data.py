"""The credentials of a system's data, settled against a model of the API server and a cluster that
keeps up: its Jobs succeed when they are told to."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.desired.data import jobs
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.planning.lineage import Retained
from arkalia_operator.planning.observed import ChildRecord, JobState, ObjectKey, Observed
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.presence import Presence, SystemGoneError
from arkalia_operator.runtime.settling import LONGEST_LOOK_SECONDS
from builders import a_module, a_system, modules_with
from model_api_server import respond, session_for

SPREAD_SECONDS = 120
ALPHA = a_module(needs={"redis": ["queue"]})
QUEUE = DataService.QUEUE
SECRETS = "/api/v1/namespaces/arkalia/secrets"
SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/arkalia/arkaliasystems/luna"


async def told(others):
    return others


class Hands:
    """What turns the clock, and runs the operator against a cluster that keeps up."""

    def __init__(self, client):
        self.client, self.system = client, a_system()
        self.now = self._began = datetime.now(UTC)  # the server notes when something was applied
        self.children, self.modules = {}, [ALPHA]
        self.restart()

    def restart(self):
        """Begin anew, without what was remembered."""
        credentials = Credentials(self.client, self._seconds)
        self.data = DataServices(credentials, SPREAD_SECONDS, lambda: self.now)

    def _seconds(self):
        return (self.now - self._began).total_seconds()

    async def settle(self, *, known=True, others=(), frozen=False):
        resolution = resolve(self.system, modules_with(*self.modules))
        before = Observed(children=self.children)
        found_data = await self.data.look(self.system, resolution, before, told(others))
        presence = Presence(self.client, self.system, known=known)
        return await self.data.settle(found_data, presence, frozen=frozen)

    def provision(self, settled):
        """Let the Jobs succeed that are rendered of what was settled."""
        resolution = resolve(self.system, modules_with(*self.modules))
        rendered = jobs(self.system, settled.access, resolution)
        for kind, name in (rendered[service] for service in settled.access.services):
            key = ObjectKey(kind, "arkalia", name)
            self.children[key] = ChildRecord(
                key,
                uid=f"uid-of-{name}",
                resource_version="1",
                generation=1,
                owner_uid=self.system.uid,
                fingerprint=b"",
                job=JobState(succeeded=True),
            )

    async def settle_all(self):
        """Until the module holds what it must."""
        self.provision(await self.settle())
        return await self.settle()

    def follow(self, revision):
        """Ask for other passwords."""
        self.system = a_system(data={"credentials": {"revision": revision}})


@pytest.fixture
async def hands(server):
    async with session_for(server) as session:
        yield Hands(Client(session))


def names(server):
    return {path.rsplit("/", 1)[1] for path in server.objects if path.startswith(SECRETS)}


def text(server, name, key):
    return base64.b64decode(server.objects[f"{SECRETS}/{name}"]["data"][key]).decode()


def slots(server):
    stored = json.loads(text(server, "luna-redis-queue", "accounts.json"))
    return [each["slot"] for each in stored["alpha"]]


def held(server):
    return json.loads(text(server, "luna-alpha-data", "redis-queue.json"))["password"]


@pytest.mark.parametrize(("pause", "frozen"), [(True, False), (False, True)])
async def test_old_password_that_may_not_be_retired_is_nothing_to_come_back_soon_for(
    server, hands, pause, frozen
):
    await hands.settle_all()
    hands.follow(2)
    await hands.settle_all()
    hands.now += timedelta(seconds=SPREAD_SECONDS + 60)  # the server's clock went on, too
    hands.system = a_system(data={"credentials": {"revision": 2}}, changes={"pause": pause})

    settled = await hands.settle(frozen=frozen)

    assert len(slots(server)) == 2
    assert settled.next_look == LONGEST_LOOK_SECONDS


async def test_passwords_are_made_first_and_the_module_waits_for_the_job(server, hands):
    settled = await hands.settle()

    assert names(server) == {"luna-redis-queue"}
    assert settled.state.needed == {QUEUE}
    assert settled.state.pending == ("luna-alpha-data",)
    assert text(server, "luna-redis-queue", settled.access.services[QUEUE].provision)


async def test_module_gets_its_password_when_the_job_has_succeeded(server, hands):
    hands.provision(await hands.settle())

    settled = await hands.settle()

    assert names(server) == {"luna-redis-queue", "luna-alpha-data"}
    assert (settled.state.pending, settled.state.failures) == ((), ())


async def test_nothing_is_asked_and_written_when_all_is_well(server, hands):
    await hands.settle_all()
    server.seen.clear()

    settled = await hands.settle()

    assert server.seen == []
    assert settled.next_look == LONGEST_LOOK_SECONDS


async def test_nothing_is_written_by_an_operator_that_comes_new_to_it(server, hands):
    await hands.settle_all()
    hands.restart()
    server.seen.clear()

    await hands.settle()

    assert server.requests("GET")
    assert server.writes() == []


async def test_one_password_follows_another_and_the_first_ends_when_all_pods_have_read(
    server, hands
):
    await hands.settle_all()
    first = held(server)
    hands.follow(2)

    settled = await hands.settle()
    assert (slots(server), held(server)) == ([1, 2], first)

    hands.provision(settled)
    settled = await hands.settle()
    assert (slots(server), held(server) != first) == ([1, 2], True)
    assert 1 <= settled.next_look <= LONGEST_LOOK_SECONDS

    hands.now += timedelta(seconds=SPREAD_SECONDS + 2)
    await hands.settle()
    assert slots(server) == [2]


async def test_secret_that_was_deleted_is_made_again_with_the_same_password(server, hands):
    await hands.settle_all()
    before = held(server)
    await server.remove(f"{SECRETS}/luna-alpha-data")
    hands.now += timedelta(seconds=FRESH_SECONDS)

    await hands.settle()

    assert held(server) == before


async def test_nothing_is_made_for_a_system_that_is_gone(server, hands):
    with pytest.raises(SystemGoneError):
        await hands.settle(known=False)

    assert server.writes() == []


async def test_presence_is_not_asked_for_when_there_is_nothing_to_do(server, hands):
    await hands.settle_all()
    server.seen.clear()

    await hands.settle(known=False)

    assert server.requests("GET", "arkaliasystems") == []


async def test_secret_that_cannot_be_written_is_a_failure_and_the_rest_goes_on(server, hands):
    hands.modules = [a_module(needs={"redis": ["queue", "cache"]})]
    server.script("PATCH", "luna-redis-cache", respond(403, {"message": "quota"}), times=20)

    settled = await hands.settle()

    [failure] = settled.state.failures
    assert failure.key == ObjectKey("Secret", "arkalia", "luna-redis-cache")
    assert failure.permanent
    assert "quota" in failure.message
    assert names(server) == {"luna-redis-queue"}


async def test_secret_that_changed_meanwhile_is_read_again_at_the_next_look(server, hands):
    server.script("PATCH", "luna-redis-queue", respond(409, {"message": "modified"}))

    settled = await hands.settle()
    assert len(settled.state.failures) == 1

    settled = await hands.settle()
    assert (settled.state.failures, names(server)) == ((), {"luna-redis-queue"})


async def test_secret_of_somebody_else_in_the_place_of_a_modules_is_a_lasting_failure(
    server, hands
):
    foreign = await server.put(f"{SECRETS}/luna-alpha-data", {"data": {}})
    hands.provision(await hands.settle())

    settled = await hands.settle()

    [failure] = settled.state.failures
    assert "does not belong to this system" in failure.message
    assert server.objects[f"{SECRETS}/luna-alpha-data"] == foreign


async def test_data_of_another_system_is_not_touched(server, hands):
    other = Retained("Secret", "luna-redis-queue", "uid-0", "uid-0", is_ours=False)

    settled = await hands.settle(others=[other])

    assert server.writes() == []
    assert settled.state.problems
    assert settled.access.unknown == {QUEUE}


async def test_everything_stays_while_the_whole_system_is_held(server, hands):
    await hands.settle_all()
    before = dict(server.objects)
    hands.system = a_system(version="9.9.9")

    settled = await hands.settle()

    assert server.objects == before
    assert settled.state.needed == set()
    assert settled.next_look == LONGEST_LOOK_SECONDS


KEYED = a_module(needs={"postgresql": True, "key": True, "firstCredential": True})


async def test_secrets_that_are_made_once_are_there_before_anything_is_rendered(hands, server):
    hands.modules = [KEYED]
    settled = await hands.settle()

    made = {path.rpartition("/")[2] for path in server.objects if path.startswith(SECRETS)}
    assert {"luna-alpha-key", "luna-admin"} <= made
    assert not {"luna-alpha-key", "luna-admin"} & set(settled.state.pending)


async def test_secrets_that_are_made_once_are_kept_by_the_next_system(hands, server):
    hands.modules = [KEYED]
    await hands.settle()
    before = server.objects[f"{SECRETS}/luna-alpha-key"]["data"]
    hands.system = a_system(uid="uid-2")
    hands.restart()
    await server.put(SYSTEM, {"metadata": {"uid": "uid-2"}})
    await hands.settle()

    assert server.objects[f"{SECRETS}/luna-alpha-key"]["data"] == before


async def test_secret_in_the_place_of_one_that_is_made_once_is_left_alone(hands, server):
    stranger = await server.put(f"{SECRETS}/luna-admin", {"data": {}})
    hands.modules = [KEYED]
    settled = await hands.settle()

    assert server.objects[f"{SECRETS}/luna-admin"] == stranger
    assert [each.key.name for each in settled.state.failures] == ["luna-admin"]
    assert "luna-admin" in settled.state.pending


async def test_nothing_is_made_once_more_beside_data_that_does_not_belong_together(hands, server):
    hands.modules = [KEYED]
    others = [Retained("Secret", name, "", name) for name in ("one", "two")]
    await hands.settle(others=others)

    assert f"{SECRETS}/luna-alpha-key" not in server.objects
