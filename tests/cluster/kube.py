"""The API server, spoken to in plain JSON: what a person does with kubectl, without its process."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
from kubernetes import client, config

from arkalia_operator.desired.kinds import Kind
from cluster.kinds import Ref, collection

Body = dict[str, Any]

PERSON: Final = "somebody"
"""Field manager of everything that a story writes: not the operator."""
ANSWER_SECONDS: Final = 60.0
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"


_LOADING: Final = threading.Lock()
"""The Kubernetes client hands out the name of a file of certificates before it has written it."""


class RefusedError(Exception):
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Kube:
    """A connection to the API server of a kubeconfig."""

    def __init__(self, kubeconfig: str) -> None:
        settings = client.Configuration()
        with _LOADING:
            config.load_kube_config(kubeconfig, client_configuration=settings)  # type: ignore[no-untyped-call]
            trusted = _tls(settings)
        self.http = httpx.Client(
            base_url=settings.host,
            verify=trusted,
            headers=_token(settings),
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def get(self, ref: Ref) -> Body | None:
        """The object, or None if there is none."""
        response = self.http.get(ref.path)
        return None if response.status_code == httpx.codes.NOT_FOUND else _body(response)

    def require(self, ref: Ref) -> Body:
        """The object. Raises AssertionError if there is none, so that it can be waited for."""
        found = self.get(ref)
        assert found is not None, f"{ref} does not exist"
        return found

    def established(self, definition: Ref) -> None:
        """Raises AssertionError until the kind of *definition* is served, so that it can be waited for."""
        conditions = self.require(definition).get("status", {}).get("conditions") or []
        held = {each["type"] for each in conditions if each["status"] == "True"}
        assert "Established" in held, f"{definition} is not served yet"

    def find(
        self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Body]:
        """All objects of *kind* with *labels*, in *namespace* or everywhere."""
        wanted = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        path = collection(kind, namespace)
        head = {"apiVersion": kind.api_version, "kind": kind.name}
        items = _body(self.http.get(path, params={"labelSelector": wanted}))["items"]
        return [head | item for item in items]

    def create(self, manifest: Body) -> Body:
        """Create the object. Raises RefusedError, also if it exists."""
        ref = Ref.of(manifest)
        path = collection(ref.kind, ref.namespace)
        return _body(self.http.post(path, params={"fieldManager": PERSON}, json=manifest))

    def apply(self, manifest: Body, manager: str = PERSON) -> Body:
        """Server-side apply, as `kubectl apply --server-side --force-conflicts`."""
        params = {"fieldManager": manager, "force": "true"}
        return self._patch(Ref.of(manifest), manifest, APPLY, params)

    def patch(
        self,
        ref: Ref,
        change: Body | list[Body],
        form: str = MERGE,
        manager: str = PERSON,
    ) -> Body:
        """Change an object, as `kubectl patch`."""
        return self._patch(ref, change, form, {"fieldManager": manager})

    def _patch(
        self, ref: Ref, change: Body | list[Body], form: str, params: dict[str, str]
    ) -> Body:
        headers = {"Content-Type": form}
        content = json.dumps(change)
        return _body(self.http.patch(ref.path, params=params, headers=headers, content=content))

    def delete(self, ref: Ref, propagation: str = "Background", **options: Any) -> None:
        """Ask for the object's end; nothing happens if there is none."""
        body = {"propagationPolicy": propagation, **options}
        response = self.http.request("DELETE", ref.path, json=body)
        if response.status_code != httpx.codes.NOT_FOUND:
            _body(response)

    def history(self, ref: Ref, since: str) -> list[Body]:
        """Every version of the object after resource version *since*, the present one last."""
        present = self.require(ref)["metadata"]["resourceVersion"]
        versions = []
        for event in self._events(ref, since):
            versions.append(event["object"])
            if event["object"]["metadata"]["resourceVersion"] == present:
                return versions
        message = f"the API server does not remember {ref} from {since} to {present}"
        raise AssertionError(message)

    def watch(self, kind: Kind, seconds: int) -> Iterator[Body]:
        """All objects of *kind*, and for so many *seconds* again each that changes."""
        params = {"watch": "1", "timeoutSeconds": seconds}
        with self.http.stream("GET", collection(kind), params=params) as response:
            for line in response.iter_lines():
                event = json.loads(line)
                if event.get("type") in {"ADDED", "MODIFIED"}:
                    yield event["object"]

    def _events(self, ref: Ref, since: str) -> Iterator[Body]:
        params = {
            "watch": "1",
            "fieldSelector": f"metadata.name={ref.name}",
            "resourceVersion": since,
            "timeoutSeconds": "60",
        }
        path = collection(ref.kind, ref.namespace)
        with self.http.stream("GET", path, params=params) as response:
            for line in response.iter_lines():
                yield json.loads(line)

    def log(self, pod: Ref, lines: int = 1000, container: str = "") -> str:
        """The last *lines* of what the pod wrote, or one *container* of several."""
        asked = {"tailLines": lines} | ({"container": container} if container else {})
        response = self.http.get(f"{pod.path}/log", params=asked)
        if response.is_error:
            raise RefusedError(response.status_code, response.text)
        return response.text


def _tls(settings: client.Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _token(settings: client.Configuration) -> Mapping[str, str]:
    token = settings.get_api_key_with_prefix("BearerToken")
    return {"Authorization": token} if token else {}


def _body(response: httpx.Response) -> Body:
    if response.is_error:
        raise RefusedError(response.status_code, _message(response))
    body: Body = response.json()
    return body


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError):
        return response.text[:500]
