"""A real OpenID Connect provider, as a process, and what somebody does who logs in there."""

import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx

from unit.arkalia_runtime.serving import PATIENCE_SECONDS

CLIENT_ID = "arkalia"
RETURN = "http://localhost/back"
OVER_TLS = """
import sys
from oidc_provider_mock import app
from werkzeug.serving import make_server
host, port, *pair = sys.argv[1:]
make_server(host, int(port), app(), threaded=True, ssl_context=tuple(pair)).serve_forever()
"""


@contextmanager
def a_provider(port, *arguments):
    """A provider that has keys of its own, on the loopback."""
    program = ["-m", "oidc_provider_mock", "-p", str(port), *arguments]
    with _running(program, f"http://127.0.0.1:{port}") as address:
        yield address


@contextmanager
def a_provider_with_tls(folder, authority, host, port):
    """The same, for whoever reaches *host*, with a certificate of *authority*."""
    files = {name: folder / name for name in ("tls_crt", "tls_key")}
    for name, content in authority.issue(host).items():
        files[name].write_bytes(content)
    program = ["-c", OVER_TLS, host, str(port), *map(str, files.values())]
    with _running(program, f"https://{host}:{port}", trusting(authority)) as address:
        yield address


def trusting(authority):
    """What trusts *authority* alone."""
    return ssl.create_default_context(cadata=authority.pem.decode())


@contextmanager
def _running(program, address, trusted=True):
    command = [sys.executable, "-W", "ignore", *program]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(f"{address}/jwks", trusted)
            yield address
        finally:
            process.terminate()


def _wait_for(address, trusted):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return httpx.get(address, verify=trusted).raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def id_token(issuer, subject="ada", client=CLIENT_ID, trusted=True, **claims):
    """What the provider gives to somebody who logs in there, by the flow with a code."""
    with httpx.Client(base_url=issuer, verify=trusted) as http:
        http.put(f"/users/{subject}", json=claims).raise_for_status()
        asked = {"response_type": "code", "client_id": client, "redirect_uri": RETURN}
        asked |= {"scope": "openid", "state": "s"}
        answer = http.post("/oauth2/authorize", params=asked, data={"sub": subject})
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        wanted = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN}
        given = http.post("/oauth2/token", data=wanted, auth=(client, "secret")).raise_for_status()
    return given.json()["id_token"]
