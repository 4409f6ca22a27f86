"""The script that `helm test` runs, as a process, before servers that answer well and badly."""

import json
import os
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from unit.arkalia_runtime.authority import Authority, mount

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "charts/arkalia/files/helm_test.py"
API = "/apis/arkalia.io/v1alpha1"
TOKEN = "the operator's token"
RESOURCES = sorted(
    yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]["names"]["plural"]
    for path in ROOT.glob("crds/*.yaml")
)
SERVED = {
    API: json.dumps({"resources": [{"name": each} for each in RESOURCES]}),
    **{f"{API}/{each}?limit=1": "{}" for each in RESOURCES},
}
AT_WORK = {"/livez": "ok", "/readyz": "ok", "/metrics": "arkalia_operator_systems 1\n"}


class Answers(BaseHTTPRequestHandler):
    """Says what its server was given for a path, and 403 to everything else."""

    def do_GET(self):
        known = self.headers.get("Authorization") in (self.server.token and f"Bearer {TOKEN}", None)
        text = self.server.answers.get(self.path) if known else None
        self.send_response(403 if text is None else 200)
        self.end_headers()
        self.wfile.write((text or "not for you").encode())

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def server(answers, folder=None):
    """A server with these *answers*; with TLS and a token if there is a *folder* with its key."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.answers, running.token = answers, folder is not None
        if folder:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
            running.socket = context.wrap_socket(running.socket, server_side=True)
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """What the kubelet mounts for the operator's ServiceAccount, and the API server's own key."""
    folder = tmp_path_factory.mktemp("identity")
    authority = Authority("the cluster's authority")
    mount(folder, **authority.issue("localhost"), ca_crt=authority.pem, token=TOKEN)
    return folder


def asked(identity, of_api_server, of_operator, *namespaces):
    with server(of_api_server, identity) as api, server(of_operator) as operator:
        return subprocess.run(
            [sys.executable, SCRIPT, *namespaces],
            env=os.environ
            | {
                "IDENTITY": str(identity),
                "API_SERVER": f"https://localhost:{api}",
                "OPERATOR_URL": f"http://localhost:{operator}" if of_operator else "",
                "PATIENCE_SECONDS": "0",
                "NO_PROXY": "localhost",
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


def test_release_passes_when_everything_answers_well(identity):
    answer = asked(identity, SERVED, AT_WORK)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count("ok ") == 3


@pytest.mark.parametrize("resource", RESOURCES)
def test_release_fails_when_a_definition_is_missing(identity, resource):
    others = [{"name": each} for each in RESOURCES if each != resource]
    partly = SERVED | {API: json.dumps({"resources": others})}

    answer = asked(identity, partly, AT_WORK)

    assert answer.returncode == 1
    assert f"does not serve {resource}: install the CRDs" in answer.stdout


@pytest.mark.parametrize("resource", RESOURCES)
def test_release_fails_when_the_operator_may_not_read_its_resources(identity, resource):
    refused = {path: text for path, text in SERVED.items() if f"/{resource}?" not in path}

    answer = asked(identity, refused, AT_WORK)

    assert answer.returncode == 1
    assert f"{resource}?limit=1 answered 403: not for you" in answer.stdout


def test_rights_are_asked_for_in_the_namespaces_that_are_looked_after(identity):
    inside = {path.replace(f"{API}/", f"{API}/namespaces/a/"): "{}" for path in SERVED}

    answers = [asked(identity, inside | SERVED, AT_WORK, *spaces) for spaces in (["a"], ["a", "b"])]

    assert [answer.returncode for answer in answers] == [0, 1]
    assert "/namespaces/b/arkaliasystems?limit=1 answered 403" in answers[1].stdout


@pytest.mark.parametrize("path", AT_WORK)
def test_release_fails_when_the_operator_does_not_answer(identity, path):
    answer = asked(identity, SERVED, {each: text for each, text in AT_WORK.items() if each != path})

    assert answer.returncode == 1
    assert f"{path} answered 403" in answer.stdout


def test_release_fails_when_somebody_else_answers_for_the_operator(identity):
    answer = asked(identity, SERVED, AT_WORK | {"/metrics": "up 1\n"})

    assert answer.returncode == 1
    assert "holds no metric of the operator" in answer.stdout


def test_operator_is_not_asked_where_no_service_leads_to_it(identity):
    answer = asked(identity, SERVED, {})

    assert answer.returncode == 0
    assert answer.stdout.count("ok ") == 2


def test_server_of_another_authority_is_not_believed(identity, tmp_path):
    mount(tmp_path, ca_crt=Authority("somebody else").pem, token=TOKEN)
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_bytes((identity / name).read_bytes())

    answer = asked(tmp_path, SERVED, AT_WORK)

    assert answer.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in answer.stdout
