"""Reading all that a report holds, as far as the user may."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from arkalia_cli.api_paths import EVENT, MODULE, POD, REPORTED, SECRET
from arkalia_cli.cluster import children
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.cluster.facts import gather
from arkalia_cli.cluster.operators import operators
from arkalia_cli.durations import now
from arkalia_cli.errors import CliError, ForbiddenError, NotFoundError, RefusedError
from arkalia_cli.views import doctor
from arkalia_cli.views.logs import Source
from arkalia_cli.views.report import Gathered
from arkalia_contract import labels

LONGEST_LOG: Final = 1_000_000
"""Bytes of each container."""


def everything(cluster: Connection, system: Body, tail: int) -> Gathered:
    """What a report about *system* holds, of each log the last *tail* lines. Raises CliError."""
    name = system["metadata"]["name"]
    unread: list[str] = []
    facts = gather(cluster)
    logs = dict(_logs(cluster, name, tail, unread))
    objects, refused = children.readable(cluster, REPORTED, name)
    return Gathered(
        time=now(),
        versions={"arkalia-cli": version("arkalia-cli"), "kubernetes": facts.version},
        system=system,
        objects=[
            *objects,
            *_listed(cluster, unread),
            *children.heads(cluster, SECRET, name),
        ],
        events=_events(cluster, unread),
        findings=doctor.findings(facts),
        logs=logs,
        unread=unread,
        attendance=next((each for each in facts.attendances if each.system.name == name), None),
        refused=refused,
    )


def _listed(cluster: Connection, unread: list[str]) -> list[Body]:
    try:
        return cluster.find(MODULE, cluster.namespace)
    except (ForbiddenError, NotFoundError) as error:
        unread.append(f"ArkaliaModules: {error}")
        return []


def _events(cluster: Connection, unread: list[str]) -> list[Body]:
    try:
        return cluster.find(EVENT, cluster.namespace)
    except ForbiddenError as error:
        unread.append(f"Events: {error}")
        return []


def _logs(
    cluster: Connection, system: str, tail: int, unread: list[str]
) -> Iterator[tuple[Source, str]]:
    """The end of the log of each container of *system*, and of the operator's."""
    try:
        sources = [(cluster.namespace, each) for each in children.sources(cluster, system)]
    except ForbiddenError as error:
        unread.append(f"pods: {error}")
        sources = []
    for namespace, source in [*sources, *_of_operators(cluster, unread)]:
        try:
            yield source, _log(cluster, namespace, source, tail)
        except (ForbiddenError, NotFoundError, RefusedError) as error:
            unread.append(f"log of {source.pod}: {error}")


def _log(cluster: Connection, namespace: str, source: Source, tail: int) -> str:
    asked = {
        "container": source.container,
        "timestamps": "true",
        "tailLines": str(tail),
        "limitBytes": str(LONGEST_LOG),
    }
    path = f"{POD.path(namespace, source.pod)}/log"
    return "".join(f"{line}\n" for line in cluster.lines(path, asked))


def _of_operators(cluster: Connection, unread: list[str]) -> list[tuple[str, Source]]:
    try:
        return [
            (each.namespace, Source("operator", pod["metadata"]["name"], container["name"]))
            for each in operators(cluster)
            for pod in cluster.find(POD, each.namespace, labelSelector=labels.OPERATOR)
            for container in pod["spec"]["containers"]
        ]
    except CliError as error:
        unread.append(f"operator: {error}")
        return []
