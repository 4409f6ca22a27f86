"""A connection to the API server as kubectl would make it, and its errors in words."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from arkalia_cli.api_paths import Kind
from arkalia_cli.errors import (
    CliError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    close_matches,
)

Body = dict[str, Any]

UNUSABLE: Final = (
    config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError,
)  # fmt: skip
"""What the client raises for a kubeconfig that is none; it checks hardly any of its form."""
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0
CONNECTIONS: Final = 64
"""Kept open at once: one for each container whose log is followed."""
JSON: Final = "application/json"
ANYTHING: Final = f"{JSON}, */*"
MERGE: Final = "application/merge-patch+json"
HEADS: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks the API server for metadata alone."""
LONGEST_MESSAGE: Final = 300
"""Letters of an answer that is no Status of Kubernetes."""
NOBODY: Final = "system:anonymous"
"""Whom the API server takes a request without credentials for."""
PAGE: Final = 500
"""Objects in one answer: what kubectl asks for."""


class Connection:
    """Requests to one cluster, and the namespace that they are about."""

    def __init__(self, settings: client.Configuration, namespace: str) -> None:
        self.settings = settings
        self.namespace = namespace
        self._client = client.ApiClient(settings)

    def get(self, path: str, **query: str) -> Body:
        """The object or list at *path*. Raises CliError."""
        return _body(self._request(path, query))

    def heads(self, kind: Kind, namespace: str, **query: str) -> list[Body]:
        """The metadata of all objects of *kind*, without what they hold. Raises CliError."""
        answer = self._request(kind.path(namespace), query, accept=HEADS)
        return [{**each, "kind": kind.name} for each in _body(answer)["items"] or ()]

    def find(self, kind: Kind, namespace: str = "", **query: str) -> list[Body]:
        """All objects of *kind*, page by page. Raises CliError."""
        found: list[Body] = []
        query = {"limit": str(PAGE), **query}
        while True:
            answer = self.get(kind.path(namespace), **query)
            found += [{"kind": kind.name, **each} for each in answer["items"]]
            query["continue"] = answer["metadata"].get("continue", "")
            if not query["continue"]:
                return found

    def ask(self, path: str, question: Body) -> Body:
        """The answer to a POST: to a review, or the object that was created. Raises CliError."""
        return _body(self._request(path, {}, (JSON, question)))

    def merge(self, path: str, change: Body) -> Body:
        """Merge *change* into an object; gives it. Raises CliError."""
        return _body(self._request(path, {}, (MERGE, change)))

    def lines(
        self, path: str, query: Mapping[str, str], silence: float = ANSWER_SECONDS
    ) -> Iterator[str]:
        """The lines of a text as they come. Raises CliError, also after *silence* seconds."""
        answer = self._request(path, query, silence=silence)
        rest = b""
        try:
            for chunk in answer.stream():
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in whole)
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            answer.close()
        if rest:
            yield rest.decode("utf-8", "replace")

    def credentials(
        self, path: str, method: str = "GET", body: Body | None = None
    ) -> dict[str, str]:
        """The headers that say to the API server who asks for *path*."""
        headers: dict[str, str] = {}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        return headers

    def _request(
        self,
        path: str,
        query: Mapping[str, str],
        sent: tuple[str, Body] | None = None,
        *,
        silence: float = ANSWER_SECONDS,
        accept: str = ANYTHING,
    ) -> urllib3.BaseHTTPResponse:
        """The answer in the media type *accept*; *sent* is what is sent, after its media type."""
        media_type, body = sent or (JSON, None)
        method = "GET" if sent is None else "PATCH" if media_type == MERGE else "POST"
        headers = {"Accept": accept, "Content-Type": media_type}
        try:
            headers |= self.credentials(path, method, body)
            url = f"{self.settings.host}{path}?{urllib.parse.urlencode(query)}"
            answer = self._client.call_api(
                method, url, headers, body, _request_timeout=(CONNECT_SECONDS, silence)
            )
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        response: urllib3.BaseHTTPResponse = answer.response
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise refusal(response.status, _message(response.data), path)
        return response

    def _unreachable(self, error: Exception) -> UnreachableError:
        cause = getattr(error, "reason", None) or error
        return UnreachableError(
            f"the cluster at {self.settings.host} does not answer: {cause}",
            "Is it running, and is it the right one? `--context` chooses another; a VPN or a "
            "proxy may be in the way.",
        )


def connect(namespace: str | None, context: str | None, kubeconfig: str | None) -> Connection:
    """A connection to the cluster that kubectl would speak to. Raises UnreachableError."""
    settings = client.Configuration()
    files = _files(kubeconfig)
    if files is None:
        config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        return Connection(settings, namespace or _namespace_of_the_pod())
    used = _context(files, context)
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]
            files, used["name"], client_configuration=settings, persist_config=False
        )
    except UNUSABLE as error:
        raise _unusable(files, error) from error
    settings.retries = False
    settings.connection_pool_maxsize = CONNECTIONS
    return Connection(settings, namespace or _namespace_of(used))


def namespace_of(context: str | None, kubeconfig: str | None) -> str:
    """The namespace that kubectl would take; no cluster is asked. Raises UnreachableError."""
    files = _files(kubeconfig)
    return _namespace_of(_context(files, context)) if files else _namespace_of_the_pod()


def _files(kubeconfig: str | None) -> str | None:
    """The kubeconfig, or None in a pod that has none. Raises UnreachableError."""
    files = kubeconfig or os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    if any(Path(each).exists() for each in files.split(os.pathsep)):
        return files
    if not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ:
        return None
    message = f"there is no kubeconfig at {files}"
    hint = "Name one with `--kubeconfig` or in $KUBECONFIG: whoever runs the cluster has it."
    raise UnreachableError(message, hint)


def _namespace_of(used: Body) -> str:
    return used["context"].get("namespace") or "default"


def _context(files: str, wanted: str | None) -> Body:
    try:
        contexts, current = config.list_kube_config_contexts(files)  # type: ignore[no-untyped-call]
    except UNUSABLE as error:
        raise _unusable(files, error) from error
    if wanted is None:
        return dict(current)
    by_name = {each["name"]: each for each in contexts}
    if wanted not in by_name:
        message = f"the kubeconfig {files} has no context {wanted}"
        raise UnreachableError(message, close_matches(wanted, by_name))
    return dict(by_name[wanted])


def _unusable(files: str, error: Exception) -> UnreachableError:
    return UnreachableError(
        f"the kubeconfig {files} cannot be used: {error}",
        "`kubectl config view` shows what it holds, `kubectl config use-context` chooses in it.",
    )


def _namespace_of_the_pod() -> str:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text("utf-8")


def refusal(status: int, message: str, path: str) -> CliError:
    """What the API server's answer *status* means."""
    if status == HTTPStatus.UNAUTHORIZED or NOBODY in message:
        return ForbiddenError(
            f"the cluster does not accept your credentials: {message}",
            "They may have expired, or the kubeconfig's credential plugin did not run: log in again "
            "the way that you got the kubeconfig.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return ForbiddenError(
            message,
            "`arkalia doctor` lists what you may do. The cluster's role `view` lets you read "
            "systems, logs and events, `edit` also lets you change systems and use `open`, `admin` "
            "also approve.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"the cluster has nothing at {path}: {message}")
    return RefusedError(f"the API server answered {status} to {path}: {message}")


def _body(response: urllib3.BaseHTTPResponse) -> Body:
    try:
        body: Body = json.loads(response.data)
    except (ValueError, urllib3.exceptions.HTTPError) as error:
        message = f"the API server's answer cannot be read: {error}"
        hint = (
            "Does the kubeconfig lead to a Kubernetes API server, and not to something before it?"
        )
        raise RefusedError(message, hint) from error
    return body


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode("utf-8", "replace")[:LONGEST_MESSAGE].strip()
