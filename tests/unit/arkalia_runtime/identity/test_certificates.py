"""The certificate of a running service: shown, replaced under load, and kept when the next is bad."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from unit.arkalia_runtime import slow_service
from unit.arkalia_runtime.authority import Authority, Mounts, mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, more, process

SLOW = str(Path(slow_service.__file__))


@pytest.fixture
def mounts(tmp_path):
    return Mounts(tmp_path)


@pytest.fixture(scope="module")
def authority():
    return Authority()


def trusting(*authorities):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=b"".join(each.pem for each in authorities).decode())
    return context


def serial(certificate):
    return x509.load_pem_x509_certificate(certificate["tls_crt"]).serial_number


def shown(port, name="localhost", **versions):
    """Serial number of the certificate that a client is shown who trusts nobody yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for bound, version in versions.items():
        setattr(context, bound, version)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True)).serial_number


def listening_port(address):
    port = int(address.rpartition(":")[2])
    deadline = time.monotonic() + PATIENCE_SECONDS
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.02)
    return port


def wait_until_shown(port, certificate):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while shown(port) != serial(certificate):
        assert time.monotonic() < deadline, "the new certificate is not shown"
        time.sleep(0.02)


def got(port, path, trusted):
    return httpx.get(f"https://localhost:{port}{path}", verify=trusted, trust_env=False)


def service(mounts, **environment):
    # Nobody reads the process's output while it runs: a line for each request would fill the pipe.
    settings = {
        "ARKALIA_TLS_FOLDER": str(mounts.tls),
        "ARKALIA_LOOK_SECONDS": "0",
        "ARKALIA_LOG_LEVEL": "WARNING",
        "ARKALIA_DRAIN_SECONDS": "0",
    }
    return process(SLOW, **settings, **environment)


def test_client_reaches_the_service_when_it_trusts_its_authority(mounts, authority):
    mount(mounts.tls, **authority.issue("localhost"))

    with service(mounts) as (_, address):
        port = listening_port(address)

        assert got(port, "/health", trusting(authority)).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            got(port, "/health", trusting(Authority("another")))


def test_no_request_fails_while_the_certificate_is_replaced(mounts, authority):
    issued = [
        authority.issue("localhost"),
        authority.issue("localhost", key=rsa.generate_private_key(65537, 2048)),
        authority.issue("localhost"),
    ]
    mount(mounts.tls, **issued[0])

    with service(mounts) as (_, address):
        port = listening_port(address)
        statuses, serials = asyncio.run(load_while_replacing(port, mounts, authority, issued))
        last = shown(port)

    assert set(statuses) == {200}
    assert serials == {serial(each) for each in issued}
    assert last == serial(issued[-1])


async def load_while_replacing(port, mounts, authority, issued):
    """Statuses that clients got, and serial numbers that they saw, while *issued* were mounted."""
    statuses, serials, over = [], set(), asyncio.Event()
    trusted = trusting(authority)

    async def client(*, reconnecting):
        kept = httpx.Limits(max_keepalive_connections=0 if reconnecting else 1)
        url = f"https://localhost:{port}/slow/0.005"
        async with httpx.AsyncClient(verify=trusted, trust_env=False, limits=kept) as session:
            while not over.is_set():
                async with session.stream("GET", url) as answer:
                    seen = answer.extensions["network_stream"].get_extra_info("ssl_object")
                    der = seen.getpeercert(binary_form=True)
                    serials.add(x509.load_der_x509_certificate(der).serial_number)
                    await answer.aread()
                    statuses.append(answer.status_code)

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(client(reconnecting=number % 2 == 0))
        for certificate in [*issued[1:], issued[0], *issued[1:]]:
            await more(statuses)
            mount(mounts.tls, **certificate)
        await more(statuses)
        over.set()
    return statuses, serials


def test_open_connection_outlives_the_certificate_that_it_began_with(mounts, authority):
    first, second = authority.issue("localhost"), authority.issue("localhost")
    mount(mounts.tls, **first)

    with service(mounts) as (_, address):
        port = listening_port(address)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as plain,
            trusting(authority).wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            mount(mounts.tls, **second)
            wait_until_shown(port, second)
            secured.sendall(b"GET /slow/0 HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert secured.recv(64).startswith(b"HTTP/1.1 200")


def test_certificate_is_kept_when_the_next_one_does_not_fit_its_key(mounts, authority):
    first, bad, third = (authority.issue("localhost") for _ in range(3))
    mount(mounts.tls, **first)

    with service(mounts) as (started, address):
        port = listening_port(address)
        mount(mounts.tls, **{**bad, "tls_key": first["tls_key"]})
        kept = [shown(port) for _ in range(3)]
        mount(mounts.tls, **third)
        wait_until_shown(port, third)
        started.terminate()
        log, _ = started.communicate(timeout=PATIENCE_SECONDS)

    assert kept == [serial(first)] * 3
    assert log.count("cannot be used") == 1


def test_certificate_is_shown_to_clients_that_name_no_server(mounts, authority):
    first, second = authority.issue("localhost"), authority.issue("localhost")
    mount(mounts.tls, **first)

    with service(mounts) as (_, address):
        port = listening_port(address)
        before = shown(port, name=None)
        mount(mounts.tls, **second)

        assert (before, shown(port, name=None)) == (serial(first), serial(second))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_in_use_are_served(mounts, authority, version):
    certificate = authority.issue("localhost")
    mount(mounts.tls, **certificate)

    with service(mounts) as (_, address):
        port = listening_port(address)

        seen = shown(port, minimum_version=version, maximum_version=version)

    assert seen == serial(certificate)


def test_metric_tells_when_the_certificate_ends(mounts, authority):
    mount(mounts.tls, **authority.issue("localhost", lifetime=timedelta(hours=1)))

    with service(mounts) as (_, address):
        text = got(listening_port(address), "/metrics", trusting(authority)).text

    [line] = [
        line
        for line in text.splitlines()
        if line.startswith("arkalia_certificate_expires_timestamp_seconds")
    ]
    assert float(line.split()[1]) == pytest.approx(time.time() + 3600, abs=60)


def refusal_to_start(**environment):
    ended = subprocess.run(
        [sys.executable, SLOW],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == os.EX_CONFIG
    return ended.stderr


def test_part_of_a_system_does_not_start_without_a_certificate(mounts):
    said = refusal_to_start(
        ARKALIA_SYSTEM="luna", ARKALIA_ENV="production", ARKALIA_TLS_FOLDER=str(mounts.tls)
    )

    assert f"{mounts.tls}/tls.crt is not there" in said
    assert "production" in said


def test_service_does_not_start_with_a_certificate_that_does_not_fit_its_key(mounts, authority):
    first, second = authority.issue("localhost"), authority.issue("localhost")
    mount(mounts.tls, **{**first, "tls_key": second["tls_key"]})

    said = refusal_to_start(ARKALIA_TLS_FOLDER=str(mounts.tls))

    assert f"{mounts.tls}/tls.crt, {mounts.tls}/tls.key cannot be used" in said
    assert "PRIVATE" not in said
