"""Tokens of a real OpenID Connect provider, which runs as a process of its own."""

import asyncio
import base64
import gzip
import hmac
import json
import time
from contextlib import asynccontextmanager

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from arkalia_helloria.access import openid
from arkalia_helloria.access.credentials import Shown
from arkalia_helloria.access.openid import Provider
from arkalia_helloria.access.verifying import UnverifiedError
from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime import background
from arkalia_runtime.settings import ServiceSettings
from openid_provider import CLIENT_ID, a_provider, id_token
from unit.arkalia_helloria.access.accounts import a_route
from unit.arkalia_helloria.access.test_verifying import known
from unit.arkalia_helloria.conftest import a_module, routes_file
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port, served

ROLES = {"user": ["chat*", "model:*"], "reader": ["usage.read"]}


@pytest.fixture(scope="module")
def issuer():
    with a_provider(free_port()) as started:
        yield started


def a_gateway(folder, issuer, **changes):
    """What knows the provider that the operator named."""
    named = {"issuer": issuer, "audience": CLIENT_ID, "roles_claim": "groups"}
    named |= {"default_roles": ["user"]} | changes
    mount(folder / "identity", openid_json=json.dumps(named if issuer else None))
    return Provider(ServiceSettings(identity_folder=folder / "identity", look_seconds=0))


@pytest.fixture
def provider(tmp_path, issuer):
    return a_gateway(tmp_path, issuer)


async def caller(provider, token):
    return await provider.caller(token, known(roles=ROLES))


async def refusal(provider, token):
    with pytest.raises(UnverifiedError) as caught:
        await caller(provider, token)
    return str(caught.value)


def changed(token, part, **changes):
    """*token* with other content of its header (0) or its claims (1), and the signature it had."""
    parts = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    text = json.dumps(content | changes).encode()
    parts[part] = base64.urlsafe_b64encode(text).decode().rstrip("=")
    return ".".join(parts)


async def test_user_of_the_provider_has_the_roles_that_it_names(provider, issuer):
    token = id_token(issuer, groups=["reader", "of something else"])

    found = await caller(provider, token)

    assert provider.issued(Shown(token))
    assert (found.user, found.roles) == ("openid:ada", {"user", "reader"})
    assert found.scopes == {"chat*", "model:*", "usage.read"}


async def test_id_of_a_user_fits_into_a_header(provider, issuer):
    found = await caller(provider, id_token(issuer, "ada lovelace"))

    assert found.user == "openid:ada%20lovelace"


async def test_token_for_somebody_else_is_refused(provider, issuer):
    assert "not good here" in await refusal(provider, id_token(issuer, client="another"))


async def test_token_that_was_changed_is_refused(provider, issuer):
    token = id_token(issuer)

    assert await refusal(provider, changed(token, 1, sub="root"))
    assert await refusal(provider, changed(token, 0, alg="none"))
    assert await refusal(provider, changed(token, 0, alg="HS256"))
    assert await refusal(provider, changed(token, 0, kid="another"))
    assert (await caller(provider, token)).user == "openid:ada"


async def test_public_key_is_no_secret_to_sign_with(provider, issuer):
    said = changed(id_token(issuer), 0, alg="HS256").rpartition(".")[0]
    for secret in secrets_of(issuer):
        signature = base64.urlsafe_b64encode(hmac.digest(secret, said.encode(), "sha256"))

        assert await refusal(provider, f"{said}.{signature.decode().rstrip('=')}")


def secrets_of(issuer):
    """What somebody could take for a secret who knows only what is published."""
    [published] = httpx.get(f"{issuer}/jwks").json()["keys"]
    key = jwt.PyJWK(published).key
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [json.dumps(published).encode(), pem, b""]


async def test_token_that_has_expired_is_refused(tmp_path):
    with a_provider(free_port(), "--token-max-age", "-60") as issuer:
        provider = a_gateway(tmp_path, issuer)

        assert "has expired" in await refusal(provider, id_token(issuer))


async def test_provider_that_follows_its_key_is_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(openid, "AGAIN_SECONDS", 0)
    port = free_port()
    with a_provider(port) as issuer:
        provider = a_gateway(tmp_path, issuer)
        before = id_token(issuer)
        assert (await caller(provider, before)).user == "openid:ada"
    with a_provider(port):
        assert (await caller(provider, id_token(issuer))).user == "openid:ada"
        assert await refusal(provider, before)


async def test_keys_are_good_while_the_provider_is_away(tmp_path, monkeypatch):
    monkeypatch.setattr(openid, "AGAIN_SECONDS", 0)
    with a_provider(free_port()) as issuer:
        provider = a_gateway(tmp_path, issuer)
        token = id_token(issuer)
        await caller(provider, token)
    monkeypatch.setattr(openid, "FRESH_SECONDS", 0)
    assert (await caller(provider, token)).user == "openid:ada"

    monkeypatch.setattr(openid, "GOOD_SECONDS", 0)

    assert await refusal(provider, token)


async def seconds_of(token, folder, answer):
    """How long it takes until *token* is refused where a provider gives *answer*, part by part."""

    async def in_parts(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async for part in answer():
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async with a_module(in_parts) as (_, port):
        provider = a_gateway(folder, f"http://127.0.0.1:{port}")
        start = time.monotonic()
        await refusal(provider, token)
        return time.monotonic() - start


async def test_provider_that_drips_is_not_waited_for(tmp_path, issuer, monkeypatch, caplog):
    monkeypatch.setattr(openid, "ANSWER_SECONDS", 0.5)

    async def drops():
        for _ in range(PATIENCE_SECONDS * 10):
            yield b" "
            await asyncio.sleep(0.1)

    assert await seconds_of(id_token(issuer), tmp_path, drops) < PATIENCE_SECONDS / 3
    assert "gives no keys: TimeoutError" in caplog.text


async def test_provider_that_never_ends_is_read_up_to_a_bound(tmp_path, issuer, caplog):
    sent = []

    async def flood():
        while len(sent) < 1000:
            sent.append(1)
            yield b" " * 65536

    await seconds_of(id_token(issuer), tmp_path, flood)

    assert len(sent) < 1000
    assert "is too long" in caplog.text


async def test_nobody_waits_for_keys_that_are_old(provider, issuer, monkeypatch):
    token, asked = id_token(issuer), asyncio.Event()
    await caller(provider, token)
    monkeypatch.setattr(openid, "FRESH_SECONDS", 0)
    monkeypatch.setattr(openid, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(openid, "LOOK_SECONDS", 0)

    async def never(_):
        asked.set()
        await asyncio.sleep(PATIENCE_SECONDS)

    monkeypatch.setattr(openid, "_published", never)
    async with background.running(provider.keep()):
        await asyncio.wait_for(asked.wait(), PATIENCE_SECONDS)

        async with asyncio.timeout(1):
            assert (await caller(provider, token)).user == "openid:ada"


async def test_keys_that_are_old_are_asked_for_again(provider, issuer, monkeypatch):
    await caller(provider, id_token(issuer))
    monkeypatch.setattr(openid, "FRESH_SECONDS", 0)
    monkeypatch.setattr(openid, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(openid, "LOOK_SECONDS", 0.01)
    before = provider._keys

    async with background.running(provider.keep()), asyncio.timeout(PATIENCE_SECONDS):
        while provider._keys is before:  # noqa: ASYNC110 - polls what another task does
            await asyncio.sleep(0.01)


async def test_made_up_names_of_keys_do_not_make_it_ask(provider, issuer, monkeypatch):
    token, asked = id_token(issuer), []
    await caller(provider, token)
    monkeypatch.setattr(openid, "_published", asked.append)
    for number in range(20):
        await refusal(provider, changed(token, 0, kid=str(number)))

    assert asked == []


async def test_many_who_come_first_ask_once(provider, issuer, monkeypatch):
    published, asked = openid._published, []
    monkeypatch.setattr(openid, "_published", lambda named: asked.append(1) or published(named))
    token = id_token(issuer)

    await asyncio.gather(*(caller(provider, token) for _ in range(10)))

    assert len(asked) == 1


async def test_provider_that_calls_itself_otherwise_is_not_believed(tmp_path, issuer, caplog):
    provider = a_gateway(tmp_path, issuer.replace("127.0.0.1", "localhost") + "/")

    assert await refusal(provider, id_token(issuer))
    assert "calls itself" in caplog.text


async def test_system_without_a_provider_takes_no_such_token(tmp_path, issuer):
    token = id_token(issuer)
    nothing = Provider(ServiceSettings(identity_folder=tmp_path))

    assert not a_gateway(tmp_path, "").issued(Shown(token))
    assert not nothing.issued(Shown(token))
    assert await refusal(nothing, token)


async def test_door_lets_in_who_the_provider_knows(accounts, security, visitor, issuer):
    named = {"issuer": issuer, "audience": CLIENT_ID, "roles_claim": "groups"}
    callees = (accounts.gateway.identity / "callees.json").read_text()
    openid_json = json.dumps(named | {"default_roles": ["user"]})
    mount(accounts.gateway.identity, callees_json=callees, openid_json=openid_json)
    token = id_token(issuer)

    assert (await visitor.comes(token)).user == "openid:ada"
    assert (await visitor.comes(token, a_route("users")))[0] == 403
    assert (await visitor.comes(changed(token, 1, sub="root")))[0] == 401


async def test_request_of_who_the_provider_knows_reaches_a_module(accounts, security, issuer):
    named = {"issuer": issuer, "audience": CLIENT_ID, "roles_claim": "groups"}
    told = {"callees_json": (accounts.gateway.identity / "callees.json").read_text()}
    told["openid_json"] = json.dumps(named | {"default_roles": ["user"]})
    own = (accounts.gateway.tokens / "security").read_text()
    mount(accounts.gateway.tokens, security=own, taskia="the token of the gateway")
    async with a_module() as (module, port):
        routes = {"taskia": [{"path": "/tasks", "scopes": ["chat"]}]}
        mount(
            accounts.gateway.identity, **told, routes_json=routes_file({"taskia": port}, **routes)
        )
        settings = GatewaySettings(**accounts.gateway.settings | {"module": "helloria"})
        async with served(create(settings)) as client:
            shown = {"Authorization": f"Bearer {id_token(issuer)}"}
            async with client.get("/api/v1/taskia/tasks", headers=shown) as answer:
                assert answer.status == 200, await answer.text()

    [asked] = module.asked
    assert asked["given"]["arkalia-user"] == "openid:ada"
    assert asked["given"]["arkalia-roles"] == "user"


@asynccontextmanager
async def publishing(keys, described=None, headers=b""):
    """A provider that describes itself so, and publishes these *keys*, both as bytes."""

    async def answer(reader, writer):
        asked = await reader.readuntil(b"\r\n\r\n")
        said = keys if b" /keys " in asked else own
        length = b"Content-Length: %d\r\n" % len(said)
        writer.write(b"HTTP/1.1 200 OK\r\n" + headers + length + b"\r\n" + said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    own = described or json.dumps({"issuer": address, "jwks_uri": f"{address}/keys"}).encode()
    async with server:
        yield address


@pytest.mark.parametrize(
    ("keys", "described"),
    [
        (b"[" * 100_000, None),
        (b"[]", None),
        (b'{"keys": [1]}', None),
        (b'{"keys": 1}', None),
        (b'{"keys": [{"kty": "RSA", "alg": "none"}]}', None),
        (b"{}", b"[" * 100_000),
        (b"{}", b"[]"),
        (b"{}", b'"text"'),
    ],
)
async def test_provider_that_answers_nonsense_is_one_that_gives_no_keys(
    tmp_path, issuer, caplog, keys, described
):
    async with publishing(keys, described) as address:
        provider = a_gateway(tmp_path, address)

        assert await refusal(provider, id_token(issuer))

    assert "gives no keys" in caplog.text


async def test_address_of_keys_that_is_none_is_told(tmp_path, issuer, caplog):
    provider = a_gateway(tmp_path, "http://127.0.0.1:port")

    assert await refusal(provider, id_token(issuer))
    assert "gives no keys" in caplog.text


async def test_compressed_answer_is_not_read(tmp_path, issuer, caplog):
    large = gzip.compress(b" " * 20_000_000 + b"{}")
    async with publishing(large, large, b"Content-Encoding: gzip\r\n") as address:
        assert await refusal(a_gateway(tmp_path, address), id_token(issuer))

    assert "is compressed" in caplog.text


async def test_keys_of_the_provider_before_are_not_taken_for_those_of_the_next(
    tmp_path, issuer, monkeypatch
):
    token, release = id_token(issuer), asyncio.Event()
    provider = a_gateway(tmp_path, issuer)
    published = openid._published

    async def slowly(named):
        await release.wait()
        return await published(named)

    monkeypatch.setattr(openid, "_published", slowly)
    before = asyncio.create_task(refusal(provider, token))
    await asyncio.sleep(0.05)
    a_gateway(tmp_path, f"http://127.0.0.1:{free_port()}")
    after = asyncio.create_task(refusal(provider, token))
    await asyncio.sleep(0.05)
    release.set()

    assert await before
    assert await after
    assert not provider._keys.by_id
