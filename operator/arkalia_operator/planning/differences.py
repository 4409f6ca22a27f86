"""What one rendering of a system has otherwise than another: object by object, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arkalia_contract import labels
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import BY_NAME, HOLD_DATA
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.plan import is_rolled_out, key_of

NAMED: Final = 8
"""Paths that are told of one object."""
NAMES: Final = ("name", "mountPath", "containerPort", "uid")
"""Fields by which items of a list are known."""
UNTOLD: Final = (labels.REVISION, labels.CONFIG_HASH)
"""Annotations that follow from other fields."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is done with one object."""

    key: ObjectKey
    operation: str
    """`create`, `change` or `delete`."""
    digest: str = ""
    """Of the object as it will be."""
    paths: Sequence[str] = ()
    """The fields that change."""
    restarts: bool = False
    """Whether its pods are replaced."""
    reason: str = ""
    """Why they are."""

    @property
    def identity(self) -> str:
        """What tells it from every other item."""
        return f"{self.operation} {self.key} {self.digest}"

    def __str__(self) -> str:
        """In words: `change Deployment luna-zeroia: spec.replicas`."""
        said = f"{self.operation} {self.key}"
        if self.paths:
            said += f": {', '.join(first_of(self.paths, NAMED))}"
        why = f" ({self.reason})" if self.reason else ""
        return f"{said}; its pods are replaced{why}" if self.restarts else said


def compared(before: Iterable[Manifest], after: Desired) -> Iterator[Item]:
    """What must be done to what was rendered *before* so that it is as *after*."""
    old = {key_of(each): each for each in before}
    new = {key_of(each): each for each in after.manifests}
    for key, manifest in new.items():
        found = _item(key, old.get(key), manifest)
        if found is not None:
            yield found
    for key, manifest in old.items():
        if key not in new and not _stays(key, manifest, after):
            yield Item(key, "delete")


def _stays(key: ObjectKey, manifest: Manifest, after: Desired) -> bool:
    """Whether an object stays although it is not rendered any more."""
    module = manifest["metadata"]["labels"].get(labels.MODULE, "")
    held = after.resolution.hold_all or module in after.resolution.held
    return held or key.name in after.kept or BY_NAME[key.kind] in HOLD_DATA


def _item(key: ObjectKey, old: Manifest | None, new: Manifest) -> Item | None:
    digest = fingerprint(new).hex()
    if old is None:
        return Item(key, "create", digest)
    if fingerprint(old).hex() == digest:
        return None
    restarts = is_rolled_out(key) and old["spec"]["template"] != new["spec"]["template"]
    return Item(key, "change", digest, tuple(paths(old, new)), restarts)


def paths(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """The paths of the fields that differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new} - set(UNTOLD)):
            inner = f"{at}.{name}" if at else str(name)
            yield from paths(old.get(name), new.get(name), inner)
    elif _is_named(old) and _is_named(new):
        first, second = _by_name(old), _by_name(new)
        for name in sorted({*first, *second}):
            yield from paths(first.get(name), second.get(name), f"{at}[{name}]")
    elif (old or None) != (new or None):
        yield at


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_name(each) for each in value)


def _by_name(value: Sequence[Any]) -> dict[str, Any]:
    return {_name(each): each for each in value}


def _name(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ""
    return next((str(item[each]) for each in NAMES if each in item), "")
