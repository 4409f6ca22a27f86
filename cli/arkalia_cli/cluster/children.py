"""The objects of a system, found by its label: no name is put together here."""

from __future__ import annotations

from collections.abc import Iterable

from arkalia_cli.api_paths import POD, Kind
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.errors import ForbiddenError
from arkalia_cli.views.logs import Source
from arkalia_contract import labels


def of(cluster: Connection, kind: Kind, system: str, **more: str) -> list[Body]:
    """The objects of *kind* that belong to *system*, with the labels *more* by their keys."""
    wanted = {labels.SYSTEM: system, **more}
    selector = ",".join(f"{key}={value}" for key, value in wanted.items())
    return cluster.find(kind, cluster.namespace, labelSelector=selector)


def sources(cluster: Connection, system: str) -> list[Source]:
    """Every container of *system* that may have written something. Raises CliError."""
    return [
        Source(_part(pod), pod["metadata"]["name"], container["name"])
        for pod in of(cluster, POD, system)
        for container in pod["spec"]["containers"]
    ]


def readable(
    cluster: Connection, kinds: Iterable[Kind], system: str
) -> tuple[list[Body], list[Kind]]:
    """The objects of *system* of those *kinds*, and the kinds that the user may not list.

    Raises CliError.
    """
    found: list[Body] = []
    refused = []
    for kind in kinds:
        try:
            found += of(cluster, kind, system)
        except ForbiddenError:
            refused.append(kind)
    return found, refused


def heads(cluster: Connection, kind: Kind, system: str) -> list[Body]:
    """The metadata of the objects of *kind* of *system*, as far as the user may list them."""
    selector = f"{labels.SYSTEM}={system}"
    try:
        return cluster.heads(kind, cluster.namespace, labelSelector=selector)
    except ForbiddenError:
        return []


def _part(pod: Body) -> str:
    """The module, data service or model server that the pod runs, or works for."""
    own = pod["metadata"]["labels"]
    keys = (labels.MODULE, labels.MIGRATION, labels.DATA, labels.MODELS)
    return next((own[key] for key in keys if key in own), "")
