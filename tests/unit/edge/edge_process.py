"""The edge as its image runs it, and a module behind it, as processes and threads of this machine."""

import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import yarl
from multidict import CIMultiDictProxy

import edge_programs
from arkalia_operator.desired import edge
from arkalia_operator.desired.edge import nginx
from arkalia_operator.desired.resolve import resolve
from builders import a_component, a_module, a_system, modules_with
from unit.arkalia_runtime.authority import Authority, mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

IMAGE = Path(edge_programs.RECIPE).parent
PUBLIC_NAME = "ai.example.com"
CALM = {"requestsPerSecond": 10_000, "denyList": {"enabled": False}}
"""Limits that no test of something else meets."""


class Echo(BaseHTTPRequestHandler):
    """A module that says what it was asked; what it answers is asked for in the path."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length:
            self.rfile.read(length)
        if self.path == "/stream":
            self.stream()
            return
        told = {"path": self.path, "headers": dict(self.headers), "length": length}
        body = json.dumps(told).encode()
        status = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Frame-Options", "ALLOWALL")
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        """Each word waits until the one before was heard."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(3):
            word = f"data: {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(word), word))
            self.server.heard.acquire(timeout=PATIENCE_SECONDS)
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Module(ThreadingHTTPServer):
    """A server that closes when each of its connections has."""

    daemon_threads = False
    heard = threading.Semaphore(0)
    """What a stream waits for."""


@dataclass
class RunningEdge:
    """An edge that answers."""

    folder: Path
    port: int
    plain_port: int
    metrics_port: int
    module: Module
    authority: Authority
    process: subprocess.Popen[bytes]

    def connector(self, local: tuple[str, int] | None = None) -> aiohttp.TCPConnector:
        """Connections that trust the edge by the system's authority, from the address *local*."""
        return aiohttp.TCPConnector(ssl=self._context, local_addr=local, family=socket.AF_INET)

    @property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.authority.pem.decode())

    def certificate(self) -> str:
        """What it shows to whom asks for its name in the cluster, in words."""
        address = "127.0.0.1", self.port
        with (
            socket.create_connection(address, PATIENCE_SECONDS) as plain,
            self._context.wrap_socket(plain, server_hostname="localhost") as shown,
        ):
            return str(shown.getpeercert())

    def url(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    def said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def until(self, word: str, times: int = 1) -> None:
        """Wait until the edge has said *word* so many *times*."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.said().count(word) < times:
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def an_edge(**wanted: object) -> Iterator[RunningEdge]:
    """An edge that is told *wanted* in the spec, before a module that echoes."""
    folder = Path(tempfile.mkdtemp(prefix="arkalia-edge-"))
    authority = Authority("authority of the edge")
    with _module(folder, authority) as module:
        ports = free_port(), free_port(), free_port()
        running = RunningEdge(folder, *ports, module, authority, subprocess.Popen(["true"]))
        running.process.wait()
        (folder / "run").mkdir()
        (folder / "scratch").mkdir()
        mount(folder / "etc/tls", **authority.issue("localhost"))
        mount(folder / "etc/trust", ca_crt=authority.pem)
        mount(folder / "etc/public-tls", **authority.issue(PUBLIC_NAME))
        _configure(running, wanted)
        _place_programs(folder)
        with (folder / "log").open("wb") as log:
            running.process = subprocess.Popen(
                ["bash", folder / "arkalia-edge"],
                stdout=log,
                stderr=log,
                env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
                start_new_session=True,
            )
        try:
            _await(running)
            yield running
        finally:
            if running.process.poll() is None:
                os.killpg(running.process.pid, signal.SIGKILL)
                running.process.wait(PATIENCE_SECONDS)


async def asked(
    client: aiohttp.ClientSession,
    edge: RunningEdge,
    path: str,
    method: str = "GET",
    **options: Any,
) -> tuple[int, CIMultiDictProxy[str], bytes]:
    """Status, headers and content of an answer."""
    url = yarl.URL(edge.url(path), encoded=True)
    async with client.request(method, url, **options) as answer:
        return answer.status, answer.headers, await answer.read()


@contextmanager
def _module(folder: Path, authority: Authority) -> Iterator[Module]:
    server = Module(("127.0.0.1", 0), Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mount(folder / "module", **authority.issue("localhost"))
    context.load_cert_chain(folder / "module/tls.crt", folder / "module/tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _configure(running: RunningEdge, wanted: dict[str, object]) -> None:
    """What the operator renders, with the folders and ports of this machine in it."""
    talk = {"path": "/talk", "methods": ["POST"], "freeText": True, "alias": ["/v1/talk"]}
    door = a_module("door", public=True, components=[a_component(port=8000, scheme="HTTPS")])
    system = a_system(
        exposure={
            "host": PUBLIC_NAME,
            "edge": {"enabled": True, "tls": {"secretName": "own"}} | wanted,
        },
        network={"trustedProxies": ["127.0.0.2/32"]},
    )
    resolution = resolve(system, modules_with(door, a_module("inner", routes=[talk])))
    public = next(each for each in resolution.known if each.name == "door")
    told = edge.configuration(system, public, resolution)
    texts = {name: _here(running, text) for name, text in told.items()}
    if not os.geteuid():  # as root, its workers would give up the right to this user's folders
        texts[edge.CONFIGURATION] = f"user root;\n{texts[edge.CONFIGURATION]}"
    mount(
        running.folder / "etc/settings", **{each.replace(".", "_"): texts[each] for each in texts}
    )


def _here(running: RunningEdge, text: str) -> str:
    root = edge_programs.unpacked()
    port = running.module.server_address[1]
    changes = {
        " /tmp": f" {running.folder / 'scratch'}",
        "luna-door.arkalia.svc:8000": f"localhost:{port}",
        "luna-door.arkalia.svc": "localhost",
        f"{nginx.PORT} ssl": f"{running.port} ssl",
        f"{nginx.METRICS_PORT} ssl": f"{running.metrics_port} ssl",
        f"{nginx.PLAIN_PORT};": f"{running.plain_port};",
        f"{nginx.PROBE_PORT};": f"{free_port()};",
        "/usr/local/share/arkalia": str(running.folder),
        "/etc/arkalia": str(running.folder / "etc"),
        "/run/arkalia": str(running.folder / "run"),
        "/usr/": f"{root}/usr/",
        "/etc/modsecurity": f"{root}/etc/modsecurity",
        "/etc/nginx": f"{root}/etc/nginx",
    }
    for here, there in changes.items():
        text = text.replace(here, there)
    return text


def _place_programs(folder: Path) -> None:
    script = (IMAGE / "arkalia-edge").read_text().replace("/etc/arkalia", str(folder / "etc"))
    script = script.replace("/run/arkalia", str(folder / "run")).replace("drain=5", "drain=1")
    script = script.replace("settling=15", "settling=5")
    (folder / "arkalia-edge").write_text(script)
    for each in IMAGE.glob("*.lua"):
        text = each.read_text().replace("/run/arkalia", str(folder / "run"))
        (folder / each.name).write_text(text)
    edge_programs.nginx_in(folder)


def _await(running: RunningEdge) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            running.certificate()
        except OSError:
            assert running.process.poll() is None, running.said()
            assert time.monotonic() < deadline, running.said()
            time.sleep(0.05)
        else:
            return
