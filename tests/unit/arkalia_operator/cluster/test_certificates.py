import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.desired.certificates import Lifetimes, WantedCertificate
from arkalia_operator.errors import ConflictError, ForbiddenError
from arkalia_operator.planning.certificates import (
    IN_FORCE,
    NEXT,
    PREVIOUS,
    IssueAuthority,
    IssueCertificate,
    Step,
)
from builders import a_system
from model_api_server import respond, session_for

SYSTEM = a_system()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WANTED = WantedCertificate("zeroia", "luna-zeroia-tls", ("luna-zeroia", "localhost"))
SECRETS = "/api/v1/namespaces/arkalia/secrets"
AUTHORITY = f"{SECRETS}/luna-authority"
LEAF = f"{SECRETS}/luna-zeroia-tls"


@pytest.fixture
async def certificates(server, clock):
    async with session_for(server) as session:
        yield Certificates(Client(session), Lifetimes(), clock)


async def step(certificates, step, now=NOW):
    seen = await certificates.observe(SYSTEM, [WANTED])
    await certificates.issue(SYSTEM, IssueAuthority(step, seen.authority), now)
    return await certificates.observe(SYSTEM, [WANTED])


async def sign(certificates, now=NOW):
    seen = await certificates.observe(SYSTEM, [WANTED])
    await certificates.issue(SYSTEM, IssueCertificate(WANTED, seen.leaves.get(WANTED.secret)), now)
    return await certificates.observe(SYSTEM, [WANTED])


async def test_nothing_is_seen_when_nothing_is_there(certificates):
    seen = await certificates.observe(SYSTEM, [WANTED])

    assert (seen.authority, seen.leaves) == (None, {})


async def test_an_authority_is_made_and_known_without_another_read(server, certificates):
    seen = await step(certificates, Step.CREATE)

    assert seen.authority.is_ours
    assert seen.authority.in_force.signs
    assert seen.authority.in_force.issued == NOW
    assert len(server.requests("GET", "luna-authority")) == 1


async def test_a_certificate_is_signed_by_the_authority(server, certificates):
    await step(certificates, Step.CREATE)

    seen = await sign(certificates)

    leaf = seen.leaves[WANTED.secret]
    assert leaf.in_force.signer_id == seen.authority.in_force.key_id
    assert leaf.in_force.dns_names == {"luna-zeroia", "localhost"}
    assert server.objects[LEAF]["type"] == "kubernetes.io/tls"
    assert server.objects[LEAF]["metadata"]["ownerReferences"][0]["uid"] == SYSTEM.uid


async def test_authority_is_read_once_for_all_that_it_signs_at_the_same_time(server, certificates):
    await step(certificates, Step.CREATE)
    server.seen.clear()
    wanted = [WantedCertificate(name, f"luna-{name}-tls", (name,)) for name in ("a", "b", "c")]

    await asyncio.gather(
        *(certificates.issue(SYSTEM, IssueCertificate(each, None), NOW) for each in wanted)
    )

    assert len(server.requests("GET", "luna-authority")) == 1
    assert len(server.writes()) == 3


async def test_authority_that_could_not_be_read_is_read_again(server, certificates):
    await step(certificates, Step.CREATE)
    server.script("GET", "luna-authority", respond(403, {"message": "no"}))

    with pytest.raises(ForbiddenError):
        await certificates.issue(SYSTEM, IssueCertificate(WANTED, None), NOW)

    assert (await sign(certificates)).leaves[WANTED.secret].in_force is not None


async def test_one_authority_follows_another(server, certificates):
    first = (await step(certificates, Step.CREATE)).authority.in_force
    prepared = (await step(certificates, Step.PREPARE)).authority.certificates
    promoted = (await step(certificates, Step.PROMOTE)).authority.certificates
    retired = (await step(certificates, Step.RETIRE)).authority.certificates

    second = prepared[NEXT]
    assert prepared == {IN_FORCE: first, NEXT: second}
    assert promoted.keys() == {IN_FORCE, PREVIOUS}
    assert (promoted[IN_FORCE].key_id, promoted[PREVIOUS].key_id) == (second.key_id, first.key_id)
    assert promoted[IN_FORCE].signs
    assert not promoted[PREVIOUS].signs
    assert {each.key_id for each in retired.values()} == {second.key_id}
    assert server.objects[AUTHORITY]["data"].keys() == {"tls.crt", "tls.key"}


async def test_a_secret_that_somebody_else_made_meanwhile_is_not_overwritten(server, certificates):
    seen = await certificates.observe(SYSTEM, [])
    await server.put(AUTHORITY, {"data": {}})

    with pytest.raises(ConflictError):
        await certificates.issue(SYSTEM, IssueAuthority(Step.CREATE, seen.authority), NOW)

    assert server.objects[AUTHORITY]["data"] == {}


async def test_a_change_is_seen_after_a_minute(server, clock, certificates):
    await step(certificates, Step.CREATE)
    await server.remove(AUTHORITY)

    at_once = await certificates.observe(SYSTEM, [])
    clock.now = FRESH_SECONDS
    later = await certificates.observe(SYSTEM, [])

    assert at_once.authority is not None
    assert later.authority is None


async def test_a_change_that_somebody_tells_of_is_seen_at_once(server, certificates):
    before = await certificates.observe(SYSTEM, [WANTED], {WANTED.secret: ""})
    trusted = base64.b64encode(b"<authority>").decode()
    await server.put(LEAF, {"data": {"ca.crt": trusted}})

    untold = await certificates.observe(SYSTEM, [WANTED], {WANTED.secret: ""})
    told = await certificates.observe(SYSTEM, [WANTED], {WANTED.secret: "1 until then"})

    assert before.leaves == untold.leaves == {}
    assert told.leaves[WANTED.secret].authorities == ("<authority>",)


async def test_secret_of_a_deleted_system_of_the_name_is_looked_at_until_it_is_gone(
    server, certificates
):
    owner = {
        "apiVersion": "arkalia.io/v1alpha1",
        "kind": "ArkaliaSystem",
        "name": "luna",
        "uid": "0",
    }
    described = {"labels": {"arkalia.io/system": "luna"}, "ownerReferences": [owner]}
    await server.put(LEAF, {"metadata": described, "data": {}})

    [left] = (await certificates.observe(SYSTEM, [WANTED])).leaves.values()
    del server.objects[LEAF]
    after = await certificates.observe(SYSTEM, [WANTED])

    assert (left.is_ours, left.is_leaving) == (False, True)
    assert after.leaves == {}


async def test_a_refused_read_is_told(server, certificates):
    server.script("GET", "luna-authority", respond(403, {"message": "no right"}))

    with pytest.raises(ForbiddenError, match="no right"):
        await certificates.observe(SYSTEM, [])


@pytest.mark.parametrize(
    ("metadata", "ours"),
    [
        ({}, False),
        ({"labels": {"arkalia.io/system": "luna"}}, True),
        ({"labels": {"arkalia.io/system": "sol"}}, False),
        (
            {
                "labels": {"arkalia.io/system": "luna"},
                "ownerReferences": [
                    {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem", "uid": "old"}
                ],
            },
            False,
        ),
        (
            {
                "labels": {"arkalia.io/system": "luna"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "uid": SYSTEM.uid}],
            },
            False,
        ),
    ],
    ids=["bare", "labelled", "of another system", "of an older system", "of something else"],
)
async def test_a_secret_is_ours_by_its_owner_or_its_label(server, certificates, metadata, ours):
    await server.put(LEAF, {"metadata": metadata, "data": {}})

    seen = await certificates.observe(SYSTEM, [WANTED])

    assert seen.leaves[WANTED.secret].is_ours is ours


@pytest.mark.parametrize("data", [{"tls.crt": "%%%"}, {"tls.crt": ""}, {"tls.crt": None}, None])
async def test_a_damaged_secret_holds_no_certificate(server, certificates, data):
    await server.put(LEAF, {"data": data})

    seen = await certificates.observe(SYSTEM, [WANTED])

    assert seen.leaves[WANTED.secret].in_force is None


async def test_what_cert_manager_trusts_is_read(server, certificates):
    trusted = base64.b64encode(b"<authority>").decode()
    await server.put(LEAF, {"data": {"ca.crt": trusted}})

    seen = await certificates.observe(SYSTEM, [WANTED])

    assert seen.leaves[WANTED.secret].authorities == ("<authority>",)


async def test_a_certificate_is_renewed_in_its_secret(server, certificates):
    await step(certificates, Step.CREATE)
    first = (await sign(certificates)).leaves[WANTED.secret].in_force

    second = (await sign(certificates, NOW + timedelta(days=60))).leaves[WANTED.secret].in_force

    assert second.expires - first.expires == timedelta(days=60)
    assert second.key_id != first.key_id
    assert len(server.writes()) == 3


async def test_no_key_stays_in_memory(server, certificates):
    await step(certificates, Step.CREATE)
    await sign(certificates)

    assert "PRIVATE" not in repr(certificates._secrets._seen)
