"""What a `podTemplate` may not say, found before anything is merged.

A mistake in it must end in a condition that tells where it is, and neither in an exception nor in
a pod that nobody meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from arkalia_operator.desired import restricted
from arkalia_operator.desired.manifest import mapping
from arkalia_operator.desired.overlay import MERGE_KEYS, has_key
from arkalia_operator.desired.stored import as_stored

PARTS: Final = ("metadata", "spec")
MAPS: Final = ("labels", "annotations")
CONTAINERS: Final = ("containers", "initContainers")
POD_LISTS: Final = (
    *CONTAINERS, "volumes", "imagePullSecrets", "resourceClaims", "hostAliases",
    "topologySpreadConstraints",
)  # fmt: skip
CONTAINER_LISTS: Final = ("env", "ports", "volumeMounts", "volumeDevices")


def mistakes(template: Mapping[str, Any], own: str) -> list[str]:
    """What is wrong with *template*, each as place and advice. *own*: the module's container."""
    return list(_misshapen(template)) or [*_quantities(template), *_unrestricted(template, own)]


def _misshapen(template: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be merged."""
    for name in sorted(template.keys() - PARTS):
        yield f".{name}: a pod template has metadata and spec: write podTemplate.spec.{name}"
    for name in PARTS:
        if not isinstance(template.get(name, {}), dict):
            yield f".{name}: must be an object"
    for name in MAPS:
        yield from _not_an_object(mapping(template.get("metadata")).get(name), f".metadata.{name}")
    yield from _misshapen_spec(mapping(template.get("spec")))


def _misshapen_spec(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("containers", []) is None:
        yield ".spec.containers: must be a list: a pod is nothing without containers"
    yield from _misshapen_lists(spec, POD_LISTS, ".spec")
    for place, container in _containers(spec):
        yield from _misshapen_lists(container, CONTAINER_LISTS, place)
        yield from _not_an_object(container.get("securityContext"), f"{place}.securityContext")


def _not_an_object(value: Any, place: str) -> Iterator[str]:
    if value is not None and not isinstance(value, dict):
        yield f"{place}: must be an object"


def _misshapen_lists(
    holder: Mapping[str, Any], names: tuple[str, ...], place: str
) -> Iterator[str]:
    for name in names:
        value = holder.get(name)
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from _misshapen_item(each, MERGE_KEYS[name], f"{place}.{name}[{index}]")
        elif value is not None:
            yield f"{place}.{name}: must be a list"


def _misshapen_item(item: Any, keys: tuple[str, ...], place: str) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{place}: must be an object"
    elif not has_key(item, keys):
        yield f"{place}: is merged by {' and '.join(keys)}: write {' and '.join(keys)}"


def _quantities(template: Mapping[str, Any]) -> Iterator[str]:
    try:
        as_stored(template)
    except ValueError as error:
        yield f": {error}"


def _unrestricted(template: Mapping[str, Any], own: str) -> Iterator[str]:
    """What would take the pod below the level `restricted`."""
    spec = mapping(template.get("spec"))
    for mistake in restricted.in_pod(spec):
        yield f".spec{mistake}"
    for mistake in restricted.in_annotations(_annotations(template)):
        yield f".metadata.annotations{mistake}"
    for place, container in _containers(spec):
        for mistake in restricted.in_container(container):
            yield f"{place}{mistake}"
        if container["name"] != own:
            context = container.get("securityContext") or {}
            for mistake in restricted.in_security_context(context):
                yield f"{place}.securityContext{mistake}"


def _annotations(template: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(mapping(template.get("metadata")).get("annotations"))


def _containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every container that is an object, with its place."""
    for group in CONTAINERS:
        items = spec.get(group)
        for index, each in enumerate(items if isinstance(items, list) else ()):
            if isinstance(each, dict):
                yield f".spec.{group}[{index}]", each
