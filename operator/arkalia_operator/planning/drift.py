"""What of an object is not as the operator applied it any more, and who did that: told, not decided.

Whoever changes a field that was applied takes it over, and whoever removes one leaves nobody who
has it: the API server keeps that in `metadata.managedFields`. So a field has drifted if it is in
the manifest and not the operator's own in the live object. Values are not compared: the API server
writes some of them in other words (`1000m` and `1`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from arkalia_operator.api.wording import first_of
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.ownership import (
    FIELD_MANAGER,
    IDENTITY,
    METADATA_IDENTITY,
    Fields,
    applied_fields,
    fingerprint,
    owned,
    part_of,
)

VALUE_LIMIT: Final = 120
"""Characters of a value that are told."""
HIDDEN: Final = "…"
"""In the place of variables: people write passwords there, and more people read Events."""
NOTHING_THERE: Final = "nothing"
SOMEBODY: Final = "somebody"
"""In the place of a manager that the API server does not know."""

Steps = tuple[str, ...]
"""Keys of `fieldsV1` from the object down to a field."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A field that somebody else has changed or removed."""

    path: str
    """As people write it: `spec.template.spec.containers[helloria].image`."""
    manager: str
    """Field manager that has it now; if none has, the one that wrote last."""
    wanted: str
    found: str
    taken: bool = True
    """Whether somebody has it now; what was removed nobody has."""

    def __str__(self) -> str:
        """As messages tell it."""
        return f"{self.path} was changed by {self.manager} from {self.wanted} to {self.found}"


@dataclass(frozen=True, slots=True)
class Drifted:
    """An object with what of it has drifted."""

    key: ObjectKey
    fields: tuple[Drift, ...]
    contended: bool = False
    """Whether it was repaired again and again, and is left alone for a while."""

    def __str__(self) -> str:
        """As messages tell it."""
        return f"{self.key}: {'; '.join(first_of(self.fields))}"


def drifted(manifest: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[Drift, ...]:
    """Every field of *manifest* that is not the operator's own in *live*, the topmost alone."""
    ours = applied_fields(live)
    body = {name: value for name, value in manifest.items() if name not in IDENTITY}
    metadata = body.get("metadata", {})
    body["metadata"] = {
        name: value for name, value in metadata.items() if name not in METADATA_IDENTITY
    }
    return tuple(_drift(live, steps, value) for steps, value in _lost(body, ours, ()))


def is_nothing_but_drift(manifest: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether *live* differs from *manifest* in what others have taken over, and in nothing else.

    Who starts anew does not know what was applied before, and may find a wish that has changed.
    """
    found = drifted(manifest, live)
    same = fingerprint(part_of(manifest, applied_fields(live))) == fingerprint(owned(live))
    return same and all(each.taken for each in found)


def _lost(wanted: Any, ours: Fields, at: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            yield from _lost_below(value, ours, (*at, f"f:{name}"))
    elif isinstance(wanted, list):
        for item in wanted:
            yield from _lost_below(item, ours, (*at, _item_step(item, ours)))


def _lost_below(value: Any, ours: Fields, at: Steps) -> Iterator[tuple[Steps, Any]]:
    inner = ours.get(at[-1])
    if inner is None:
        yield at, value
    elif inner:  # an empty one: owned as a whole
        yield from _lost(value, inner, at)


def _item_step(item: Any, fields: Fields) -> str:
    """The key of *fields* that means *item*; one that is not there names it all the same."""
    if not isinstance(item, Mapping):
        return f"v:{orjson.dumps(item).decode()}"
    for step in fields:
        if step.startswith("k:") and _fits(item, orjson.loads(step[2:])):
            return step
    named = {name: item[name] for name in ("name", "port", "key", "uid", "type") if name in item}
    return f"k:{orjson.dumps(dict(list(named.items())[:1])).decode()}"


def _fits(item: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    """Whether *item* has this *key*; a part of it may be a default of the API server."""
    return any(name in item for name in key) and all(
        item.get(name, value) == value for name, value in key.items()
    )


def _drift(live: Mapping[str, Any], steps: Steps, wanted: Any) -> Drift:
    owners = [each for each in _others(live) if _has(each.get("fieldsV1", {}), steps)]
    writers = owners or [each for each in _others(live) if each.get("subresource") != "status"]
    last = max(writers, key=lambda each: str(each.get("time", "")), default={})
    return Drift(
        path=_path(steps),
        manager=str(last.get("manager") or SOMEBODY),
        wanted=_text(wanted, steps),
        found=_text(_value(live, steps), steps),
        taken=bool(owners),
    )


def _others(live: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in live["metadata"].get("managedFields", ()):
        if entry.get("manager") != FIELD_MANAGER:
            yield entry


def _has(fields: Fields, steps: Steps) -> bool:
    for step in steps:
        if step not in fields:
            return False
        fields = fields[step]
        if not fields:
            return True  # the value as a whole
    return True


def _value(live: Any, steps: Sequence[str]) -> Any:
    """What *live* holds at *steps*; None if it holds nothing there."""
    for step in steps:
        if step.startswith("f:"):
            live = live.get(step[2:]) if isinstance(live, Mapping) else None
        elif step.startswith("v:"):
            wanted = orjson.loads(step[2:])
            live = wanted if isinstance(live, list) and wanted in live else None
        else:
            key = orjson.loads(step[2:])
            found = (each for each in live or () if isinstance(each, Mapping) and _fits(each, key))
            live = next(found, None)
    return live


def _path(steps: Steps) -> str:
    return "".join(map(_word, steps)).removeprefix(".")


def _word(step: str) -> str:
    if step.startswith("f:"):
        return f".{step[2:]}"
    key = orjson.loads(step[2:])
    values = key.values() if isinstance(key, Mapping) else (key,)
    return f"[{','.join(map(str, values))}]"


def _text(value: Any, at: Steps) -> str:
    if value is None:
        return NOTHING_THERE
    if "f:env" in at:
        return HIDDEN
    text = orjson.dumps(_without_variables(value)).decode()
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def _without_variables(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if name == "env" else _without_variables(each)
            for name, each in value.items()
        }
    return [_without_variables(each) for each in value] if isinstance(value, list) else value
