"""Services of a system as processes of this machine: pods that are killed, stopped and started again.

What a cluster would give them is laid out as the kubelet does: certificates, tokens, files. In the
place of its name service the gateway asks a file, which says where the pods of each module are.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from arkalia_contract import identity
from unit.arkalia_runtime.authority import NAMESPACE, SYSTEM, Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port

TESTS = Path(__file__).resolve().parents[1]
START_SECONDS = 120
STOP_SECONDS = 120
LASTING = timedelta(hours=12)
"""What the kubelet would renew is renewed by nobody here, and hundreds of requests take longer."""
HERE = "127.0.0.1"
PODS_FILE = "PODS_FILE"
"""Environment variable: the file that says where the pods of each module are."""
CALLERS = ("helloria", "assistantia", "globalstate", "nyxalia")
COMMON = {
    "ARKALIA_SYSTEM": SYSTEM,
    "ARKALIA_NAMESPACE": NAMESPACE,
    # Longer than the gateway takes to look again who is there, as in a system.
    "ARKALIA_DRAIN_SECONDS": "3",
    "PYTHONPATH": str(TESTS),
}


@dataclass
class Pod:
    """A process that serves at an address of the loopback interface."""

    program: str
    host: str
    port: int
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> "Pod":
        """Start it."""
        own = {"ARKALIA_HOST": self.host, "ARKALIA_PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.program],
                env=os.environ | self.environment | own,
                stdout=log,
                stderr=log,
            )
        return self

    def await_serving(self) -> "Pod":
        """Wait until it takes connections."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self._serves():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)
        return self

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.launch().await_serving()

    def kill(self) -> None:
        """End it at once."""
        self.tell(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        assert self.process is not None
        return self.process.wait(STOP_SECONDS)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    @property
    def pid(self) -> int | None:
        """Of its process, while that runs."""
        running = self.process is not None and self.process.poll() is None
        return self.process.pid if self.process and running else None

    @property
    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8")[-4000:]

    def _serves(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), 1).close()
        except OSError:
            return False
        return True


@dataclass
class Module:
    """What the pods of a module share."""

    name: str
    program: str
    mounts: Mounts
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Its Service."""
        return f"https://localhost:{self.port}"

    def pod(self, host: str = HERE) -> Pod:
        """One of its pods, not started yet."""
        own = self.mounts.environment | COMMON | {"ARKALIA_MODULE": self.name} | self.environment
        return Pod(self.program, host, self.port, own, self.mounts.root / f"{host}.log")


class Site:
    """Modules that know and trust each other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.authority, self._cluster = Authority(), Cluster()
        self._places = root / "pods.json"
        self._known: dict[str, list[str]] = {}
        self.know()

    def module(self, name: str, program: str, **settings: object) -> Module:
        """A module, with its certificate, whom it trusts, and *settings* of its own."""
        told = {f"ARKALIA_{key.upper()}": str(value) for key, value in settings.items()}
        mounts = Mounts(self.root / name)
        mount(mounts.tls, **self.authority.issue("localhost", lifetime=LASTING))
        mount(mounts.trust, **self._cluster.trust(), ca_crt=self.authority.pem)
        mounts.data.mkdir()
        return Module(name, program, mounts, environment=told | {PODS_FILE: str(self._places)})

    def introduce(self, caller: Module, *callees: Module, **files: str) -> None:
        """Let *caller* ask *callees*, and be asked by those who ask; *files* lie beside that."""
        known = json.dumps({each.name: each.address for each in callees})
        callers = json.dumps({each: ["/*"] for each in CALLERS})
        mount(caller.mounts.identity, callees_json=known, callers_json=callers, **files)
        mount(caller.mounts.tokens, **{each.name: self._token(caller, each) for each in callees})

    def _token(self, caller: Module, callee: Module) -> str:
        audience = identity.audience(NAMESPACE, SYSTEM, callee.name)
        ends = int(time.time() + LASTING.total_seconds())
        return self._cluster.token(caller.name, aud=[audience], exp=ends)

    def know(self, **pods: list[str]) -> None:
        """Let the gateway find the *pods* of modules at these addresses from now on."""
        self._known |= pods
        draft = self._places.with_suffix(".draft")
        draft.write_text(json.dumps(self._known))
        draft.replace(self._places)


def published(*modules: tuple[Module, list[dict[str, object]]]) -> str:
    """`routes.json` of *modules* with the routes of their descriptions."""
    usual = {"methods": ["GET"], "scopes": [], "alias": []}
    kept = ("path", "methods", "scopes", "alias")

    def told(route: Mapping[str, object]) -> dict[str, object]:
        own = {key: route[key] for key in kept if key in route}
        return usual | own | {"answer_seconds": route.get("answerSeconds")}

    return json.dumps(
        {
            module.name: {
                "address": module.address,
                "pods": module.name,
                "routes": [told(each) for each in routes],
            }
            for module, routes in modules
        }
    )
