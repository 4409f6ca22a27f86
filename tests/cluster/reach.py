"""The way from the test's process to a Service.

Where the machine has a route into the cluster's network (the node of `make up` without Docker),
requests go to the Service's own address. Elsewhere (kind) they go through the API server, which
forwards them to the Service.
"""

from __future__ import annotations

import socket
import ssl
from functools import cache
from typing import Any

import httpx

from arkalia_contract import endpoints, files, labels
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import CONFIG_MAP, SERVICE
from cluster.kinds import Ref, collection
from cluster.kube import Body, Kube

ANSWER_SECONDS = 30.0
KUBERNETES = Ref(SERVICE, "default", "kubernetes")


class Reached:
    """A Service that can be asked."""

    def __init__(self, kube: Kube, ref: Ref) -> None:
        self._service = kube.require(ref)
        self._port = self._service["spec"]["ports"][0]["port"]
        self._scheme = scheme_of(self._service)
        self._kube = kube
        self._ref = ref

    def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a GET of *path*. Raises AssertionError if there is none."""
        return self._ask("GET", path, headers)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """The answer to a POST of *body*, as JSON. Raises AssertionError if there is none."""
        return self._ask("POST", path, headers, json=body)

    def put(self, path: str, body: object, **headers: str) -> httpx.Response:
        """The answer to a PUT of *body*, as JSON. Raises AssertionError if there is none."""
        return self._ask("PUT", path, headers, json=body)

    def delete(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a DELETE of *path*. Raises AssertionError if there is none."""
        return self._ask("DELETE", path, headers)

    def _ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        try:
            if has_route(self._kube):
                return self._direct(method, path, headers, **body)
            name = f"{self._scheme}:{self._ref.name}:{self._port}"
            inside = f"{collection(self._ref.kind, self._ref.namespace)}/{name}/proxy{path}"
            return self._kube.http.request(method, inside, headers=headers, **body)
        except httpx.TransportError as error:
            message = f"{self._ref} does not answer at {path}: {error!r}"
            raise AssertionError(message) from error

    def _direct(
        self, method: str, path: str, headers: dict[str, str], **body: Any
    ) -> httpx.Response:
        """The Service's own address; behind HTTPS, with the name and authority of its system."""
        address = self._service["spec"]["clusterIP"]
        url = f"{self._scheme}://{address}:{self._port}{path}"
        secure = self._scheme == "https"
        verify = ssl.create_default_context(cadata=self._trusted()) if secure else False
        with httpx.Client(verify=verify, timeout=ANSWER_SECONDS, trust_env=False) as client:
            named = {"sni_hostname": name_of(self._service)}
            return client.request(method, url, headers=headers, extensions=named, **body)

    def _trusted(self) -> str:
        return trusted(self._kube, self._service)


def scheme_of(service: Body) -> str:
    """How *service* is asked. Its port's name tells; the operator's own is called `metrics`."""
    secure = service["spec"]["ports"][0]["name"] == endpoints.PORT_HTTPS
    return "https" if secure else "http"


def name_of(service: Body) -> str:
    """The name of *service* in the cluster's DNS."""
    metadata = service["metadata"]
    return f"{metadata['name']}.{metadata['namespace']}.svc"


def handshake(service: Body, context: ssl.SSLContext) -> None:
    """Shake hands with *service* by its name. Raises ssl.SSLCertVerificationError."""
    spec = service["spec"]
    address = (spec["clusterIP"], spec["ports"][0]["port"])
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as connection:
        context.wrap_socket(connection, server_hostname=name_of(service)).close()


def trusted(kube: Kube, service: Body) -> str:
    """The authorities of the system that *service* belongs to, PEM."""
    metadata = service["metadata"]
    system = metadata["labels"][labels.SYSTEM]
    told = Ref(CONFIG_MAP, metadata["namespace"], names.trust(system))
    return str(kube.require(told)["data"][files.AUTHORITY_KEY])


@cache
def has_route(kube: Kube) -> bool:
    """Whether this machine can open a connection to a Service's address."""
    address = kube.require(KUBERNETES)["spec"]["clusterIP"]
    try:
        with socket.create_connection((address, 443), timeout=10):
            return True
    except OSError:
        return False
