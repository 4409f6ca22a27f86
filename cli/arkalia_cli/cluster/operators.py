"""The operators of a cluster, as far as the user may see them, and which systems they take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from arkalia_cli.api_paths import DEPLOYMENT, SYSTEM
from arkalia_cli.attendance import Attendance, Operator, attended
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.cluster.releases import release_of
from arkalia_cli.errors import CliError
from arkalia_cli.system import System
from arkalia_contract import labels

NAMESPACES: Final = "ARKALIA_OPERATOR_WATCH_NAMESPACES"
SELECTOR: Final = "ARKALIA_OPERATOR_SYSTEM_SELECTOR"


def operators(cluster: Connection) -> tuple[Operator, ...]:
    """The operators of the cluster. Raises CliError."""
    return tuple(map(_operator, cluster.find(DEPLOYMENT, labelSelector=labels.OPERATOR)))


def readable_operators(cluster: Connection) -> tuple[Operator, ...] | None:
    """The operators of the cluster; None if they cannot be read, for whatever reason."""
    try:
        return operators(cluster)
    except CliError:
        return None


def attendances(
    cluster: Connection, bodies: Sequence[Body], found: Sequence[Operator] | None
) -> Iterator[Attendance]:
    """For each system of *bodies* which of the operators *found* look after it."""
    fits = {each: _fits(cluster, each, bodies) for each in found or ()}
    unknown = None in fits.values()
    for body in bodies:
        fitting = [each for each, keys in fits.items() if keys and _key(body) in keys]
        yield attended(System.from_body(body), found, None if unknown else fitting, _age(body))


def _operator(body: Body) -> Operator:
    settings = _settings(body)
    watched = (each.strip() for each in settings.get(NAMESPACES, "").split(","))
    return Operator(
        namespace=body["metadata"]["namespace"],
        name=body["metadata"]["name"],
        release=release_of(body),
        ready=body.get("status", {}).get("readyReplicas", 0),
        namespaces=tuple(filter(None, watched)),
        selector=settings.get(SELECTOR, "").strip(),
    )


def _settings(deployment: Body) -> dict[str, str]:
    """The variables that are written into the Deployment itself."""
    template = deployment.get("spec", {}).get("template", {}).get("spec", {})
    given = (
        each for container in template.get("containers", ()) for each in container.get("env", ())
    )
    return {each["name"]: each["value"] for each in given if "value" in each}


def _fits(
    cluster: Connection, operator: Operator, bodies: Sequence[Body]
) -> set[tuple[str, str]] | None:
    """Those of *bodies* that the operator's selector fits, by the word of the API server."""
    if not operator.selector:
        return set(map(_key, bodies))
    namespaces = {each["metadata"]["namespace"] for each in bodies}
    place = namespaces.pop() if len(namespaces) == 1 else ""
    try:
        fitting = cluster.heads(SYSTEM, place, labelSelector=operator.selector)
    except CliError:
        return None
    return set(map(_key, fitting))


def _key(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _age(body: Body) -> float:
    """Seconds since the object was made."""
    created = body["metadata"].get("creationTimestamp")
    return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() if created else 0.0
