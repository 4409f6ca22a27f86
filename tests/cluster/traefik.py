"""A real ingress controller beside the cluster: Traefik, as a process of this machine.

It listens on the loopback, which has many addresses, so clients of different addresses can come to it.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from arkalia_operator.desired.kinds import POD
from cluster.development import environment
from cluster.kube import Kube
from local_programs import running
from unit.arkalia_runtime.serving import free_port

HERE: Final = "127.0.0.1"
TOLD_OUTSIDE: Final = "192.0.2.80"
"""The address that it writes into the status of what it serves; nobody is there."""
ISSUER: Final = "traefik.io/gateway-controller"
"""By this name it answers for Gateways."""
CLASSES: Final = "/apis/networking.k8s.io/v1/ingressclasses"
ANSWER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Traefik:
    """The running controller."""

    port: int
    log: Path

    def client(self, address: str, host: str, authority: str) -> httpx.Client:
        """Somebody at *address* who asks for *host*, and trusts *authority* alone."""
        trusted = ssl.create_default_context(cadata=authority)
        return httpx.Client(
            transport=httpx.HTTPTransport(local_address=address, verify=trusted),
            base_url=f"https://{HERE}:{self.port}",
            headers={"Host": host},
            timeout=ANSWER_SECONDS,
            event_hooks={"request": [lambda request: _named(request, host)]},
        )


def _named(request: httpx.Request, host: str) -> None:
    request.extensions["sni_hostname"] = host


def address_here(kube: Kube) -> str:
    """The address by which the pods see who asks from this machine."""
    pod = next(each for each in kube.find(POD) if each["status"].get("podIP"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((pod["status"]["podIP"], 1))
        return str(way.getsockname()[0])


@contextmanager
def ingress_class(kube: Kube, name: str) -> Iterator[None]:
    """A class of Ingresses that Traefik serves."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }
    kube.http.post(CLASSES, json=body).raise_for_status()
    try:
        yield
    finally:
        kube.http.delete(f"{CLASSES}/{name}")


@contextmanager
def traefik(folder: Path, *options: str) -> Iterator[Traefik]:
    """It serves by HTTPS what *options* say, as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    flags = (
        f"--entrypoints.outside.address={HERE}:{port}",
        "--entrypoints.outside.http.tls=true",
        "--global.sendanonymoususage=false",
        "--global.checknewversion=false",
        *(f"--{each}" for each in options),
    )
    with running(("traefik", *flags), folder / "log", environment()):
        yield Traefik(port, folder / "log")
