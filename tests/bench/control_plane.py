"""An API server with etcd and nothing else, on the loopback: what an operator is measured against.

No controller and no kubelet takes processor time beside the operator, so availability has to be
written by a stub. The programs are those of the development cluster.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from arkalia_dev import certificates
from arkalia_dev.development import Development
from arkalia_dev.run import perform
from arkalia_dev.subnets import Subnets
from local_programs import WITH_PARENT

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 90.0
END_SECONDS: Final = 20.0
SUBNETS: Final = Subnets(201)
"""Only for names in the certificate: nothing of it is used as an address."""
SERVICES: Final = "10.96.0.0/14"
"""Room for the Services of a thousand systems."""
USERS: Final = ("operator", "other", "stub", "person")
"""Each with a token that is its name; the audit log tells them apart."""
AUDIT: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "Metadata",
            "users": ["operator", "other", "person"],
            "verbs": ["create", "update", "patch", "delete", "deletecollection"],
        },
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
    ],
}
"""Every write but the stub's, which would only cost time; of service accounts what they read, too."""


@dataclass(frozen=True)
class ControlPlane:
    """A running API server."""

    folder: Path
    port: int
    pids: tuple[int, ...]

    @property
    def server(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        """The certificate that signed the API server's own, as PEM."""
        return (self.folder / "pki" / "ca.crt").read_text()

    @property
    def audit(self) -> Path:
        """The audit log: every write of the users `operator` and `person`, and all of service accounts."""
        return self.folder / "audit.log"

    def kubeconfig(self, user: str, token: str = "") -> Path:
        """A kubeconfig for one of USERS, or for whom *token* is."""
        path = self.folder / f"{user}.kubeconfig"
        encoded = base64.b64encode(self.authority.encode()).decode()
        cluster = {"server": self.server, "certificate-authority-data": encoded}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": token or user}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": user}}],
            "current-context": "bench",
        }
        path.write_text(json.dumps(document))
        return path

    def cpu_seconds(self) -> float:
        """Processor time that API server and etcd have taken."""
        return sum(cpu_seconds(pid) for pid in self.pids)


@contextmanager
def control_plane(folder: Path, *flags: str) -> Iterator[ControlPlane]:
    """An API server with an empty etcd and further *flags*, which ends with the block."""
    ports = _free_ports(3)
    folder.mkdir(parents=True, exist_ok=True)
    _write_files(folder)
    etcd = _started(folder, "etcd", (_program("etcd"), *_etcd_flags(folder, *ports[:2])))
    api: subprocess.Popen[bytes] | None = None
    try:
        _until_open(ports[0], etcd)
        command = (_program("kube-apiserver"), *_api_flags(folder, ports[0], ports[2]), *flags)
        api = _started(folder, "kube-apiserver", command)
        plane = ControlPlane(folder, ports[2], (etcd.pid, api.pid))
        _until_ready(plane, api)
        yield plane
    finally:
        for process in filter(None, (api, etcd)):
            _end(process)
        shutil.rmtree(folder / "etcd", ignore_errors=True)


def cpu_seconds(pid: int) -> float:
    """Processor time that the process has taken."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mebibytes(pid: int) -> float:
    """Memory that the process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _program(name: str) -> Path:
    """A program of the node's; all of them are built if it is not there."""
    binaries = Development().binaries
    if not binaries.program(name).exists():
        command = (sys.executable, "-m", "arkalia_dev", "tools", "--for", "cluster")
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "dev")}
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return binaries.program(name)


def _write_files(folder: Path) -> None:
    pki, template = folder / "pki", ROOT / "dev" / "node" / "openssl.cnf"
    pki.mkdir(exist_ok=True)
    for action in certificates.actions(pki, template, SUBNETS):
        perform(action, folder / "certificates.log")
    rows = (f'{user},{user},{user},"system:masters"\n' for user in USERS)
    (folder / "tokens.csv").write_text("".join(rows))
    (folder / "audit-policy.json").write_text(json.dumps(AUDIT))


def _etcd_flags(folder: Path, client: int, peer: int) -> tuple[str, ...]:
    own, others = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return (
        "--name=bench",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={own}",
        f"--advertise-client-urls={own}",
        f"--listen-peer-urls={others}",
        f"--initial-advertise-peer-urls={others}",
        f"--initial-cluster=bench={others}",
        "--unsafe-no-fsync=true",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
    )


def _api_flags(folder: Path, etcd: int, port: int) -> tuple[str, ...]:
    pki = folder / "pki"
    return (
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={SERVICES}",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--audit-policy-file={folder / 'audit-policy.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--profiling=false",
    )


def _started(folder: Path, name: str, command: tuple[Any, ...]) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [str(word) for word in (*WITH_PARENT, *command)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, f"{process.args} ended"
            assert time.monotonic() < ends, f"port {port} stays closed"
            time.sleep(0.05)


def _until_ready(plane: ControlPlane, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while not _is_ready(plane):
        assert process.poll() is None, (plane.folder / "kube-apiserver.log").read_text()[-2000:]
        assert time.monotonic() < ends, "the API server does not get ready"
        time.sleep(0.1)


def _is_ready(plane: ControlPlane) -> bool:
    context = ssl.create_default_context(cadata=plane.authority)
    door = http.client.HTTPSConnection("127.0.0.1", plane.port, timeout=5, context=context)
    try:
        door.request("GET", "/readyz", headers={"Authorization": "Bearer person"})
        return door.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        door.close()
