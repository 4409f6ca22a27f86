"""The node's first process: prepares the mounts, starts the components, and restarts what ends.

It is process 1 of its own process namespace, so it also inherits and reaps every orphan (container shims above
all). It reads `node.json` once: a list of components, each with its command line, the gate to wait for and
its environment. A component that ends is started again after a pause that doubles up to 10 s.
"""

import http
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOME = Path("/run/arkalia")
"""The state folder as the node sees it: a short path, because a socket's path may have 107 characters."""
HOST_NAME = "arkalia"
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 30.0
"""A component that ran this long has recovered: its next pause is the first one again."""
TICK = 0.2
GATE_SECONDS = 1.0
LARGEST_LOG = 20_000_000
AUDIT_LOG = "audit.log"
"""The API server bounds this one itself."""


@dataclass
class Service:
    """One component: what to run, when, and how its runs went."""

    name: str
    argv: list[str]
    gate: str
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    begun: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = field(default=0.0)

    def start(self, now: float) -> None:
        """Start it; what it says is appended to its log."""
        log = HOME / "logs" / f"{self.name}.log"
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                self.argv,
                env={**os.environ, **self.env},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1
        self.begun = now

    def ended(self, code: int, now: float) -> None:
        """Plan the next start."""
        print(f"{self.name} ended with {code} after {now - self.begun:.1f} s", flush=True)
        steady = now - self.begun > STEADY_SECONDS
        self.pause = FIRST_PAUSE if steady else min(2 * self.pause, LONGEST_PAUSE)
        self.process, self.due = None, now + self.pause


def main(state: Path) -> None:
    """Wait for the word of the parent, then run the node until it is killed."""
    if sys.stdin.buffer.read(2) != b"go":
        return  # the parent was killed before the network was ready
    prepare_mounts(state)
    forward_packets()
    socket.sethostname(HOST_NAME)
    services = [Service(**row) for row in json.loads((HOME / "node.json").read_text())]
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the kernel ends the others
    supervise(services)


def prepare_mounts(state: Path) -> None:
    """Give the node its own /run, /var, /proc, /sys and kernel settings."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "proc", "proc", "/proc")
    descriptor = os.open(state, os.O_PATH)  # the state may lie below what is covered next
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    keep_writes_to_var()
    HOME.mkdir()
    run("mount", "--bind", f"/proc/{os.getpid()}/fd/{descriptor}", str(HOME))
    os.close(descriptor)
    show_own_interfaces()
    pretend_kernel_settings()
    run("mount", "--make-rshared", "/")  # volumes are mounted after the containers that see them


def keep_writes_to_var() -> None:
    """Let what programs write to fixed places below /var (the kubelet, CNI) vanish with the node."""
    upper, work = Path("/run/var/upper"), Path("/run/var/work")
    upper.mkdir(parents=True)
    work.mkdir()
    layers = f"lowerdir=/var,upperdir={upper},workdir={work}"
    run("mount", "-t", "overlay", "-o", layers, "overlay", "/var")


def show_own_interfaces() -> None:
    """Mount a /sys that shows the node's interfaces, and keep the control groups where they were."""
    groups = Path("/run/control-groups")
    groups.mkdir()
    run("mount", "--rbind", "/sys/fs/cgroup", str(groups))
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "--rbind", str(groups), "/sys/fs/cgroup")
    run("umount", "--lazy", str(groups))
    groups.rmdir()


def forward_packets() -> None:
    """Let the node route between its pods and the cable; both settings belong to its network alone."""
    network = Path("/proc/sys/net")
    (network / "ipv4/ip_forward").write_text("1")
    bridge = network / "bridge/bridge-nf-call-iptables"
    if bridge.exists():
        bridge.write_text("1")


def pretend_kernel_settings() -> None:
    """Show the kubelet the kernel settings that it wants.

    It would write them otherwise, and they belong to the whole machine. So nothing has to be
    restored, not even after a crash or with several clusters up.
    """
    wanted = {
        "vm/overcommit_memory": 1,
        "vm/panic_on_oom": 0,
        "kernel/panic": 10,
        "kernel/panic_on_oops": 1,
        "kernel/keys/root_maxkeys": 1_000_000,
        "kernel/keys/root_maxbytes": 25_000_000,
    }
    folder = Path("/run/kernel-settings")
    folder.mkdir()
    for name, value in wanted.items():
        file = folder / name.replace("/", ".")
        file.write_text(f"{value}\n")
        run("mount", "--bind", str(file), f"/proc/sys/{name}")


def run(*argv: str) -> None:
    """Run a program that must succeed."""
    subprocess.run(argv, check=True, timeout=30)


def supervise(services: list[Service]) -> None:
    """Start what is due, reap what ended, and write down how it is; for ever."""
    told: list[dict[str, Any]] = []
    while True:
        now = time.monotonic()
        for pid, code in reaped():
            for service in services:
                if service.process and service.process.pid == pid:
                    service.ended(code, now)
        for service in services:
            if not service.process and service.due <= now and is_open(service.gate):
                service.start(now)
        told = tell(services, told)
        bound_logs()
        time.sleep(TICK)


def reaped() -> Iterator[tuple[int, int]]:
    """Every child that ended since the last look: components and inherited orphans alike."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def is_open(gate: str) -> bool:
    """Whether it is time to start what waits for *gate*: "", "unix:PATH", "tcp:PORT" or "ready:PORT"."""
    kind, _, address = gate.partition(":")
    if kind == "ready":
        return is_ready(int(address))
    if kind == "unix":
        return answers(socket.AF_UNIX, address)
    return not gate or answers(socket.AF_INET, ("127.0.0.1", int(address)))


def answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """Whether somebody accepts a connection."""
    with socket.socket(family) as client:
        client.settimeout(GATE_SECONDS)
        return client.connect_ex(address) == 0


def is_ready(port: int) -> bool:
    """Whether the API server says so: controllers that come earlier are refused and end."""
    trust = ssl.create_default_context(cafile=str(HOME / "pki" / "ca.crt"))
    client = http.client.HTTPSConnection("127.0.0.1", port, timeout=GATE_SECONDS, context=trust)
    try:
        client.request("GET", "/readyz")
        return client.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def bound_logs() -> None:
    """Keep each component's log below 20 MB: an overflowing one becomes NAME.1."""
    for log in (HOME / "logs").glob("*.log"):
        if log.name != AUDIT_LOG and log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)  # its writer appends, so it goes on at the new end


def tell(services: list[Service], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write services.json when something changed; return what it says now."""
    now = [
        {"name": s.name, "pid": s.process.pid if s.process else None, "starts": s.starts}
        for s in services
    ]
    if now != before:
        partial = HOME / ".services.json.partial"
        partial.write_text(json.dumps(now, indent=2) + "\n")
        partial.replace(HOME / "services.json")
    return now


if __name__ == "__main__":
    main(Path(sys.argv[1]))
