"""Reading what `doctor` judges. What the user may not read is None, and no error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from arkalia_cli.api_paths import DEFINITION, DEPLOYMENT, STORAGE_CLASS
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.errors import CliError, ForbiddenError, NotFoundError
from arkalia_cli.views.doctor import DEFINITIONS, RIGHTS, Definition, Facts, Operator, Right
from arkalia_contract import labels

OPERATOR: Final = f"{labels.NAME}={labels.PART_OF_ARKALIA},{labels.COMPONENT}=operator"
"""The labels that the chart gives to the operator's Deployment."""
IMAGE_REGISTRY: Final = "ARKALIA_OPERATOR_IMAGE_REGISTRY"
"""The setting of the operator that says where images come from."""
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

Read = TypeVar("Read")


def gather(cluster: Connection) -> Facts:
    """Everything about *cluster* that the user may know. Raises CliError if it does not answer."""
    return Facts(
        namespace=cluster.namespace,
        version=cluster.get("/version")["gitVersion"],
        groups=frozenset(each["name"] for each in cluster.get("/apis")["groups"]),
        definitions=_permitted(lambda: _definitions(cluster)),
        operators=_permitted(lambda: operators(cluster)),
        default_storage_classes=_permitted(lambda: _default_classes(cluster)),
        refused=tuple(each for each in RIGHTS if not _may(cluster, each)),
    )


def _permitted(read: Callable[[], Read]) -> Read | None:
    try:
        return read()
    except ForbiddenError:
        return None


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
    return Definition(body["metadata"]["name"], served, _release(body))


def operators(cluster: Connection) -> tuple[Operator, ...]:
    """The operators of the cluster. Raises CliError."""
    return tuple(
        Operator(
            namespace=each["metadata"]["namespace"],
            name=each["metadata"]["name"],
            release=_release(each),
            ready=each.get("status", {}).get("readyReplicas", 0),
        )
        for each in cluster.find(DEPLOYMENT, labelSelector=OPERATOR)
    )


def operator_runs(cluster: Connection) -> bool | None:
    """Whether an operator of the cluster runs; None if that cannot be told, for want of rights too."""
    try:
        return any(each.ready for each in operators(cluster))
    except CliError:
        return None


def image_registry(cluster: Connection) -> str | None:
    """Where the operators of *cluster* take images from; None if that cannot be told of all alike."""
    try:
        found = {_registry(each) for each in cluster.find(DEPLOYMENT, labelSelector=OPERATOR)}
    except CliError:
        return None
    return found.pop() if len(found) == 1 else None


def _registry(deployment: Body) -> str | None:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    given = (variable for each in containers for variable in each.get("env", ()))
    return next((each.get("value") for each in given if each["name"] == IMAGE_REGISTRY), None)


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


def _release(body: Body) -> str:
    return str(body["metadata"].get("labels", {}).get(labels.VERSION, ""))
