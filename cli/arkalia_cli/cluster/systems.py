"""Finding the systems that a command is about."""

from __future__ import annotations

from collections.abc import Iterable

from arkalia_cli.api_paths import GROUP, SYSTEM
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.errors import (
    MENTIONED,
    CliError,
    ForbiddenError,
    MistakeError,
    NotFoundError,
    close_matches,
)


def find(cluster: Connection, *, everywhere: bool = False) -> list[Body]:
    """The systems of the namespace, or of all. Raises CliError."""
    try:
        return cluster.find(SYSTEM, "" if everywhere else cluster.namespace)
    except NotFoundError:
        message = f"the cluster does not know {SYSTEM.name} ({GROUP})"
        hint = "Install the chart `arkalia`; `arkalia doctor` tells what else is missing."
        raise NotFoundError(message, hint) from None


def names(cluster: Connection) -> list[str]:
    """Names of the namespace's systems. Raises CliError."""
    return [each["metadata"]["name"] for each in find(cluster)]


def one(cluster: Connection, name: str | None) -> Body:
    """The system *name*, or the namespace's only one. Raises CliError."""
    by_name = {each["metadata"]["name"]: each for each in _candidates(cluster, name)}
    if name in by_name:
        return by_name[name]
    if name is None and len(by_name) == 1:
        return next(iter(by_name.values()))
    if name is None and by_name:
        message = f"namespace {cluster.namespace} has {len(by_name)} systems"
        raise MistakeError(message, f"Name one of {', '.join(sorted(by_name))}.")
    message = f"namespace {cluster.namespace} has no system{f' {name}' if name else ''}"
    raise NotFoundError(message, _hint(cluster, name, by_name))


def _candidates(cluster: Connection, name: str | None) -> list[Body]:
    """All systems of the namespace; only *name* where the user may get and not list."""
    try:
        return find(cluster)
    except ForbiddenError:
        if name is None:
            raise
        return [cluster.get(SYSTEM.path(cluster.namespace, name))]


def _hint(cluster: Connection, name: str | None, here: Iterable[str]) -> str:
    """Which system may be meant, and where systems are as far as the user may know."""
    if name and (close := close_matches(name, here)):
        return close
    return elsewhere(cluster, name)


def elsewhere(cluster: Connection, name: str | None = None) -> str:
    """A sentence with the systems of other namespaces, those called *name* if there are any."""
    try:
        others = find(cluster, everywhere=True)
    except CliError:
        return "Is it in another namespace? Name that with `-n`."
    places = [f"{each['metadata']['name']} -n {each['metadata']['namespace']}" for each in others]
    called = [each for each in places if each.startswith(f"{name} ")]
    if not places:
        return "No namespace has one: apply an ArkaliaSystem first."
    meant = called or places
    rest = " `arkalia status -A` shows all." if len(meant) > MENTIONED else ""
    return f"Did you mean {' or '.join(meant[:MENTIONED])}?{rest}"
