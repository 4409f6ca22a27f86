"""Reading what `doctor` judges. What the user may not read is None, and no error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from arkalia_cli.api_paths import DEFINITION, NAMESPACE, STORAGE_CLASS
from arkalia_cli.attendance import Attendance, Operator
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.cluster.operators import attendances, operators
from arkalia_cli.cluster.releases import release_of
from arkalia_cli.cluster.systems import find
from arkalia_cli.errors import ForbiddenError, NotFoundError
from arkalia_cli.views.doctor import DEFINITIONS, RIGHTS, Definition, Facts, Right

DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

Read = TypeVar("Read")


def gather(cluster: Connection) -> Facts:
    """Everything about *cluster* that the user may know. Raises CliError if it does not answer."""
    found = _permitted(lambda: operators(cluster))
    return Facts(
        namespace=cluster.namespace,
        version=cluster.get("/version")["gitVersion"],
        namespace_exists=_permitted(lambda: _exists(cluster)),
        groups=frozenset(each["name"] for each in cluster.get("/apis")["groups"]),
        definitions=_permitted(lambda: _definitions(cluster)),
        operators=found,
        default_storage_classes=_permitted(lambda: _default_classes(cluster)),
        refused=tuple(each for each in RIGHTS if not _may(cluster, each)),
        attendances=_attendances(cluster, found),
    )


def _attendances(cluster: Connection, found: tuple[Operator, ...] | None) -> tuple[Attendance, ...]:
    try:
        return tuple(attendances(cluster, find(cluster), found))
    except (ForbiddenError, NotFoundError):  # the findings on rights and definitions tell
        return ()


def _permitted(read: Callable[[], Read]) -> Read | None:
    try:
        return read()
    except ForbiddenError:
        return None


def _exists(cluster: Connection) -> bool:
    try:
        cluster.get(NAMESPACE.path(name=cluster.namespace))
    except NotFoundError:
        return False
    return True


def _definitions(cluster: Connection) -> tuple[Definition, ...]:
    found = []
    for name in DEFINITIONS:
        try:
            found.append(_definition(cluster.get(DEFINITION.path(name=name))))
        except NotFoundError:
            continue
    return tuple(found)


def _definition(body: Body) -> Definition:
    served = tuple(each["name"] for each in body["spec"]["versions"] if each["served"])
    return Definition(body["metadata"]["name"], served, release_of(body))


def _default_classes(cluster: Connection) -> tuple[str, ...]:
    return tuple(
        each["metadata"]["name"]
        for each in cluster.find(STORAGE_CLASS)
        if each["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"
    )


def _may(cluster: Connection, right: Right) -> bool:
    attributes = {
        "namespace": cluster.namespace,
        "verb": right.verb,
        "group": right.kind.group,
        "resource": right.kind.plural,
        "subresource": right.subresource,
    }
    question = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(cluster.ask(REVIEWS, question)["status"]["allowed"])
