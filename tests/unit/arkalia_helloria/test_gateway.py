"""A gateway that stops cuts no stream, a module's certificate is checked, and HEAD is HEAD."""

import asyncio
import signal
import ssl
from functools import partial
from pathlib import Path

import aiohttp

from unit.arkalia_helloria.conftest import Module, a_module, port_of, routes_file
from unit.arkalia_runtime.authority import Authority, mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, process, served, wait_for_status

TESTS = Path(__file__).resolve().parents[2]
GATEWAY = ("-m", "unit.arkalia_helloria.gateway_process")


async def test_open_stream_goes_on_to_its_end_when_the_gateway_stops(mounts):
    go_on = asyncio.Event()

    async def in_two_parts(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"two"})

    async with a_module(in_two_parts) as (_, port):
        mount(mounts.identity, routes_json=routes_file({"taskia": port}))
        own = mounts.environment | {"ARKALIA_SYSTEM": "", "PYTHONPATH": str(TESTS)}
        own |= {"ARKALIA_MODULE": "helloria", "ARKALIA_DRAIN_SECONDS": "0.2"}
        with process(*GATEWAY, **own) as (gateway, address):
            await asyncio.to_thread(wait_for_status, f"{address}/health/live", 200)
            async with aiohttp.ClientSession(address) as client:
                response = await client.get("/api/v1/taskia/x")
                first = await response.content.readany()

                gateway.send_signal(signal.SIGTERM)
                # The port is closed, so the time of draining is over.
                await asyncio.to_thread(wait_for_status, f"{address}/health/live", 0)
                go_on.set()

                assert (first, await response.content.read()) == (b"one", b"two")
            assert await asyncio.to_thread(gateway.wait, PATIENCE_SECONDS) == 0


def tls_of(authority, folder, *names):
    """What makes the context with which a module serves a certificate for *names*."""
    mount(folder, **authority.issue(*names))
    return partial(_context, folder)


def _context(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context


async def asked_over_tls(gateway, mounts, tmp_path, *, trusted, name):
    """The status of a request to a module whose certificate is for *name*."""
    authority = Authority()
    mount(mounts.trust, ca_crt=(authority if trusted else Authority()).pem)
    context = tls_of(authority, tmp_path / "tls", name)
    module = Module()
    async with served(module, context) as reached:
        port = port_of(reached)
        async with gateway({"taskia": port}) as client:
            told = routes_file({"taskia": port}).replace("http://127.0.0.1", "https://luna-taskia")
            mount(mounts.identity, routes_json=told)
            response = await client.get("/api/v1/taskia/x")
            return response.status, len(module.asked)


async def test_module_is_asked_over_tls_by_the_name_of_its_service(gateway, mounts, tmp_path):
    asked = await asked_over_tls(gateway, mounts, tmp_path, trusted=True, name="luna-taskia")

    assert asked == (200, 1)


async def test_module_with_the_certificate_of_another_is_told_nothing(gateway, mounts, tmp_path):
    asked = await asked_over_tls(gateway, mounts, tmp_path, trusted=True, name="luna-zeroia")

    assert asked == (503, 0)


async def test_module_of_another_authority_is_told_nothing(gateway, mounts, tmp_path):
    asked = await asked_over_tls(gateway, mounts, tmp_path, trusted=False, name="luna-taskia")

    assert asked == (503, 0)


async def test_gateway_answers_head_itself_and_asks_a_module_by_head(gateway):
    async with a_module() as (module, port), gateway({"taskia": port}) as client:
        own = await client.head("/health")
        passed = await client.head("/api/v1/taskia/tasks")

        assert (own.status, int(own.headers["Content-Length"]) > 0) == (200, True)
        assert passed.status == 200
        assert [each["method"] for each in module.asked] == ["HEAD"]
