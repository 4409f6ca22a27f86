import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.cluster.signing import Validity, make_authority
from arkalia_operator.desired import rendered
from arkalia_operator.desired.certificates import Lifetimes
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.trust import Issuer
from arkalia_operator.planning.observed import Observed
from arkalia_operator.runtime.identity import FoundSystem, Identity
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.settling import LONGEST_LOOK_SECONDS
from builders import a_component, a_module, a_record, a_system, modules_with, only
from model_api_server import respond, session_for

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYSTEM = a_system()
CERT_MANAGER = a_system(security={"tls": {"mode": "certManager", "issuerRef": {"name": "one"}}})
MODULES = [
    a_module(name, components=[a_component(scheme="HTTPS")]) for name in ("zeroia", "reflexia")
]
RESOLUTION = resolve(SYSTEM, modules_with(*MODULES))
SECRETS = "/api/v1/namespaces/arkalia/secrets"
LIFETIMES = Lifetimes(authority_seconds=6000, certificate_seconds=1200, spread_seconds=120)


class Hands:
    """What turns the clocks, and runs the operator against a cluster that keeps up."""

    def __init__(self, client):
        self.now, self.client = NOW, client
        certificates = Certificates(client, LIFETIMES, self._seconds)
        issuer = Issuer("https://issuer", '{"keys":[]}')
        self.identity = Identity(certificates, LIFETIMES, lambda: issuer, lambda: self.now)
        self.children = {}

    def _seconds(self):
        return (self.now - NOW).total_seconds()

    async def settle(self, system=SYSTEM, served=frozenset({"Certificate"}), frozen=False):
        before = Observed(children=self.children, served=served)
        found_system = FoundSystem(system, RESOLUTION, before, system.uid, frozen)
        settled = await self.identity.settle(
            found_system, Presence(self.client, system, known=True)
        )
        if settled.trust is not None:
            self._apply(rendered(SYSTEM, RESOLUTION, settled.trust))
        return settled

    def _apply(self, desired):
        trust = a_record(only(desired.manifests, "ConfigMap", "luna-trust"), SYSTEM)
        known = self.children.get(trust.key)
        if known is None or known.fingerprint != trust.fingerprint:
            self.children = {trust.key: replace(trust, applied_at=self.now)}


@pytest.fixture
async def hands(server):
    async with session_for(server) as session:
        yield Hands(Client(session))


def names(server):
    return {path.rsplit("/", 1)[1] for path in server.objects if path.startswith(SECRETS)}


async def test_everything_is_made_at_the_first_look(server, hands):
    settled = await hands.settle()

    assert names(server) == {"luna-authority", "luna-zeroia-tls", "luna-reflexia-tls"}
    assert (settled.state.pending, settled.state.failures) == ((), ())
    assert len(settled.trust.authorities) == 1


async def test_nothing_is_written_when_all_is_well(server, hands):
    await hands.settle()
    server.seen.clear()

    settled = await hands.settle()

    assert server.seen == []
    assert settled.next_look == LONGEST_LOOK_SECONDS


async def test_nothing_is_written_by_an_operator_that_comes_new_to_it(server, hands):
    await hands.settle()
    server.seen.clear()
    async with session_for(server) as session:
        await Hands(Client(session)).settle()

    assert server.writes() == []


async def test_a_secret_that_was_deleted_is_made_again(server, hands):
    await hands.settle()
    await server.remove(f"{SECRETS}/luna-zeroia-tls")
    hands.now += timedelta(seconds=FRESH_SECONDS)

    await hands.settle()

    assert "luna-zeroia-tls" in names(server)


async def test_certificates_are_renewed_where_nothing_new_may_be_applied(server, hands):
    await hands.settle()
    before = server.objects[f"{SECRETS}/luna-zeroia-tls"]
    hands.now = NOW + timedelta(seconds=1000)

    await hands.settle(a_system(deletionPolicy="Delete"), frozen=True)

    assert server.objects[f"{SECRETS}/luna-zeroia-tls"]["data"] != before["data"]


async def test_nothing_is_made_where_nothing_new_may_be_applied(server, hands):
    settled = await hands.settle(frozen=True)

    assert names(server) == set()
    assert settled.state.pending == ("luna-authority",)


@pytest.mark.parametrize(("pause", "frozen"), [(True, False), (False, True)])
async def test_what_may_not_be_made_is_nothing_to_come_back_soon_for(hands, pause, frozen):
    settled = await hands.settle(a_system(changes={"pause": pause}), frozen=frozen)

    assert settled.state.pending
    assert settled.next_look == LONGEST_LOOK_SECONDS


async def test_certificate_that_is_not_there_waits_where_nothing_new_may_be_applied(server, hands):
    await hands.settle()
    await server.remove(f"{SECRETS}/luna-zeroia-tls")
    hands.now += timedelta(seconds=FRESH_SECONDS + 1)

    settled = await hands.settle(frozen=True)

    assert "luna-zeroia-tls" not in names(server)
    assert settled.state.pending == ("luna-zeroia-tls",)


async def test_one_authority_follows_another_while_the_clock_turns(server, hands):
    trusted, before = [], {}
    while hands.now < NOW + timedelta(seconds=5000):
        settled = await hands.settle()
        trusted.append(len(settled.trust.authorities))
        before = before or dict(server.objects[f"{SECRETS}/luna-authority"]["data"])
        hands.now += timedelta(seconds=60)

    after = server.objects[f"{SECRETS}/luna-authority"]["data"]
    assert (trusted[0], max(trusted), trusted[-1]) == (1, 2, 1)
    assert after["tls.crt"] != before["tls.crt"]
    assert after.keys() == {"tls.crt", "tls.key"}


async def test_a_refused_secret_is_told_and_nothing_else_is_made(server, hands):
    server.script("PATCH", "luna-authority", respond(403, {"message": "no right"}))

    settled = await hands.settle()

    [failure] = settled.state.failures
    assert (str(failure.key), failure.message) == ("Secret luna-authority", "no right")
    assert failure.permanent
    assert settled.state.pending == ("luna-authority",)
    assert settled.trust is None


async def test_a_refused_certificate_does_not_keep_others_from_theirs(server, hands):
    server.script("PATCH", "luna-zeroia-tls", respond(403, {"message": "no right"}))

    settled = await hands.settle()

    assert settled.state.pending == ("luna-zeroia-tls",)
    assert settled.trust is not None
    assert "luna-reflexia-tls" in names(server)


async def test_a_refusal_that_may_quote_the_object_is_not_repeated(server, hands):
    quoting = {"reason": "Invalid", "message": "data: LS0tLS1CRUdJTiBQUklWQVRF is wrong"}
    server.script("PATCH", "luna-authority", respond(422, quoting))

    settled = await hands.settle()

    assert settled.state.failures[0].message == "Invalid"


async def test_a_secret_of_somebody_else_is_told_and_left(server, hands):
    await server.put(f"{SECRETS}/luna-authority", {"data": {"tls.crt": "theirs"}})

    settled = await hands.settle()

    assert [str(each.key) for each in settled.state.failures] == ["Secret luna-authority"]
    assert server.writes() == []


async def test_cert_manager_makes_what_it_is_asked_for(server, hands):
    waiting = await hands.settle(CERT_MANAGER)
    for module in ("zeroia", "reflexia"):
        await server.put(f"{SECRETS}/luna-{module}-tls", await _by_cert_manager(hands))
    hands.now += timedelta(seconds=FRESH_SECONDS)

    settled = await hands.settle(CERT_MANAGER)

    assert waiting.trust is None
    assert waiting.state.pending == ("luna-reflexia-tls", "luna-zeroia-tls")
    assert settled.trust.authorities == ("<authority>",)
    assert settled.state.pending == ()
    assert server.writes() == []


async def _by_cert_manager(hands):
    pair = make_authority("arkalia", "luna", Validity(NOW, 3600))
    held = {"tls.crt": pair.certificate, "tls.key": pair.private_key, "ca.crt": b"<authority>"}
    return {
        "metadata": {"labels": {"arkalia.io/system": "luna"}},
        "data": {key: base64.b64encode(value).decode() for key, value in held.items()},
    }
