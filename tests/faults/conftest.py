"""An API server of the stories' own with nothing but etcd, a proxy before it, an operator behind that.

No controller runs there, so nothing becomes ready: what is judged is what the operator wrote.
Nothing of it touches the development cluster, and no other operator looks after these systems.
"""

import base64
import json
import os
import signal
import subprocess
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bench.control_plane import ControlPlane, control_plane
from cluster.kinds import NAMESPACE, Ref
from cluster.kube import Kube
from cluster.waiting import eventually
from faults.proxy import Proxy
from unit.arkalia_runtime.authority import Authority

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "operator"
PERSON = {"Authorization": "Bearer person"}
START_SECONDS = 120.0


@dataclass
class Door:
    """The way of an operator to the API server: a proxy, and the kubeconfig that leads to it."""

    proxy: Proxy
    kubeconfig: Path
    authority: Authority

    def certificate(self) -> tuple[Path, Path]:
        """A certificate of the proxy that its authority signed, and the key."""
        for name, content in self.authority.issue("localhost").items():
            self.kubeconfig.with_name(name).write_bytes(content)
        return self.kubeconfig.with_name("tls_crt"), self.kubeconfig.with_name("tls_key")

    def tell(self) -> None:
        """Write whom to trust, and with which token to come, into the kubeconfig."""
        encoded = base64.b64encode(self.authority.pem).decode()
        server = f"https://localhost:{self.proxy.port}"
        cluster = {"server": server, "certificate-authority-data": encoded}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "faults", "cluster": cluster}],
            "users": [{"name": "operator", "user": {"token": self.proxy.token}}],
            "contexts": [{"name": "faults", "context": {"cluster": "faults", "user": "operator"}}],
            "current-context": "faults",
        }
        draft = self.kubeconfig.with_suffix(".draft")
        draft.write_text(json.dumps(document))
        draft.replace(self.kubeconfig)


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    """The API server, with the CRDs of this checkout."""
    with control_plane(tmp_path_factory.mktemp("plane")) as running:
        with closing(Kube(str(running.kubeconfig("person")))) as person:
            for path in sorted(ROOT.glob("crds/*.yaml")):
                made = person.create(yaml.safe_load(path.read_text("utf-8")))
                eventually(partial(person.established, Ref.of(made)))
        yield running


class ApiServer:
    """The API server's process, which can be killed and started again as it was."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._etcd, self._pid = plane.pids
        line = Path(f"/proc/{self._pid}/cmdline").read_text(encoding="utf-8")
        self._command = line.split("\0")[:-1]
        self._again: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """End it without a word."""
        os.kill(self._pid, signal.SIGKILL)
        if self._again:
            self._again.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._pid, number)

    def start(self) -> None:
        """Start it again, and wait until it serves."""
        self._again = self._launched()
        eventually(self._serves, START_SECONDS)

    def _launched(self) -> subprocess.Popen[bytes]:
        with (self._plane.folder / "kube-apiserver-again.log").open("ab") as log:
            process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._pid = process.pid
        return process

    def end(self) -> None:
        """End what was started again here."""
        if self._again:
            self._again.terminate()
            self._again.wait()

    def compact(self) -> None:
        """Let etcd forget all versions but the present ones."""
        revision = self._ask_etcd("maintenance/status")["header"]["revision"]
        self._ask_etcd("kv/compaction", revision=revision, physical=True)

    def _serves(self) -> None:
        try:
            answer = httpx.get(f"{self._plane.server}/readyz", headers=PERSON, verify=False)
        except httpx.TransportError as error:
            # Threads of the one that was killed hold its port for a moment longer.
            if self._again and self._again.poll() is not None:
                self._again = self._launched()
            raise AssertionError(str(error)) from error
        assert answer.status_code == httpx.codes.OK, answer.text

    def _ask_etcd(self, path: str, **body: object) -> dict[str, Any]:
        (flag,) = [each for each in self._command if each.startswith("--etcd-servers=")]
        answer = httpx.post(f"{flag.partition('=')[2]}/v3/{path}", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def api_server(plane):
    """The API server as a process."""
    running = ApiServer(plane)
    yield running
    running.end()


@pytest.fixture(scope="module")
def kube(plane):
    """The API server itself, in the hands of a person."""
    connection = Kube(str(plane.kubeconfig("person")))
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def door(plane, tmp_path_factory):
    """The proxy before the API server."""
    folder = tmp_path_factory.mktemp("door")
    proxy = Proxy(plane.server, plane.authority, TOKEN)
    opened = Door(proxy, folder / "kubeconfig", Authority())
    with proxy.serving(*opened.certificate()):
        opened.tell()
        yield opened


@pytest.fixture(scope="module")
def namespace(kube):
    """A namespace."""
    ref = Ref(NAMESPACE, "", "story")
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ref.name}})
    return ref.name
