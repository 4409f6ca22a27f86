"""Reading all that a report holds, as far as the user may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from arkalia_cli.api_paths import EVENT, MODULE, POD, REPORTED, SECRET
from arkalia_cli.cluster import children
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.cluster.facts import gather
from arkalia_cli.cluster.operators import operators
from arkalia_cli.errors import CliError, ForbiddenError, NotFoundError, RefusedError
from arkalia_cli.views import doctor
from arkalia_cli.views.logs import Source
from arkalia_cli.views.report import Gathered
from arkalia_contract import labels

LONGEST_LOG: Final = 1_000_000
"""Bytes of each container."""


def everything(cluster: Connection, system: Body, tail: int) -> Gathered:
    """What a report about *system* holds, with the last *tail* lines of each log. Raises CliError."""
    name = system["metadata"]["name"]
    left_out: list[str] = []
    facts = gather(cluster)
    logs = dict(_logs(cluster, name, tail, left_out))
    objects, refused = children.readable(cluster, REPORTED, name)
    left_out += [f"{kind.name}: you may not list {kind.plural}" for kind in refused]
    return Gathered(
        time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        versions={"arkalia-cli": version("arkalia-cli"), "kubernetes": facts.version},
        system=system,
        objects=[
            *objects,
            *_listed(cluster, left_out),
            *children.heads(cluster, SECRET, name),
        ],
        events=_events(cluster, left_out),
        findings=doctor.findings(facts),
        logs=logs,
        left_out=left_out,
        attendance=next((each for each in facts.attendances if each.system.name == name), None),
        refused=[kind.name for kind in refused],
    )


def _listed(cluster: Connection, left_out: list[str]) -> list[Body]:
    try:
        return cluster.find(MODULE, cluster.namespace)
    except (ForbiddenError, NotFoundError) as error:
        left_out.append(f"ArkaliaModules: {error}")
        return []


def _events(cluster: Connection, left_out: list[str]) -> list[Body]:
    try:
        return cluster.find(EVENT, cluster.namespace)
    except ForbiddenError as error:
        left_out.append(f"Events: {error}")
        return []


def _logs(
    cluster: Connection, system: str, tail: int, left_out: list[str]
) -> Iterator[tuple[Source, str]]:
    """The end of the log of each container of *system*, and of the operator's."""
    try:
        sources = [(cluster.namespace, each) for each in children.sources(cluster, system)]
    except ForbiddenError as error:
        left_out.append(f"pods: {error}")
        sources = []
    for namespace, source in [*sources, *_of_operators(cluster, left_out)]:
        try:
            yield source, _log(cluster, namespace, source, tail)
        except (ForbiddenError, NotFoundError, RefusedError) as error:
            left_out.append(f"log of {source.pod}: {error}")


def _log(cluster: Connection, namespace: str, source: Source, tail: int) -> str:
    asked = {
        "container": source.container,
        "timestamps": "true",
        "tailLines": str(tail),
        "limitBytes": str(LONGEST_LOG),
    }
    path = f"{POD.path(namespace, source.pod)}/log"
    return "".join(f"{line}\n" for line in cluster.lines(path, asked))


def _of_operators(cluster: Connection, left_out: list[str]) -> list[tuple[str, Source]]:
    try:
        return [
            (each.namespace, Source("operator", pod["metadata"]["name"], container["name"]))
            for each in operators(cluster)
            for pod in cluster.find(POD, each.namespace, labelSelector=labels.OPERATOR)
            for container in pod["spec"]["containers"]
        ]
    except CliError as error:
        left_out.append(f"operator: {error}")
        return []
