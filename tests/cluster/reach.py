"""The way from the test's process to a Service.

Where the machine has a route into the cluster's network (the node of `make up` without Docker),
requests go to the Service's own address. Elsewhere (kind) they go through the API server, which
forwards them to the Service.
"""

from __future__ import annotations

import socket
from functools import cache

import httpx

from arkalia_operator.desired.kinds import SERVICE
from cluster.kinds import Ref
from cluster.kube import Kube

ANSWER_SECONDS = 10.0
KUBERNETES = Ref(SERVICE, "default", "kubernetes")


class Reached:
    """A Service that can be asked."""

    def __init__(self, kube: Kube, ref: Ref) -> None:
        spec = kube.require(ref)["spec"]
        self._port = spec["ports"][0]["port"]
        self._address = spec["clusterIP"]
        self._kube = kube
        self._ref = ref

    def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a GET of *path*. Raises AssertionError if there is none."""
        try:
            if has_route(self._kube):
                url = f"http://{self._address}:{self._port}{path}"
                return httpx.get(url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False)
            inside = f"{self._ref.path}:{self._port}/proxy{path}"
            return self._kube.http.get(inside, headers=headers)
        except httpx.TransportError as error:
            message = f"{self._ref} does not answer at {path}: {error!r}"
            raise AssertionError(message) from error


@cache
def has_route(kube: Kube) -> bool:
    """Whether this machine can open a connection to a Service's address."""
    address = kube.require(KUBERNETES)["spec"]["clusterIP"]
    try:
        with socket.create_connection((address, 443), timeout=2):
            return True
    except OSError:
        return False
