"""Rights: those that a role gives, and those that somebody used, as the audit log tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from arkalia_operator.planning.permissions import Right

FORBIDDEN: Final = 403
CREATED: Final = 201
DECISION: Final = "authorization.k8s.io/decision"
REASON: Final = "authorization.k8s.io/reason"


class Use(NamedTuple):
    """One verb on one resource of a group, or on a path of the API server."""

    group: str
    resource: str
    verb: str

    @classmethod
    def of(cls, right: Right) -> Use:
        """What the operator says that it uses."""
        return cls(right.group, right.resource, right.verb)


@dataclass(slots=True)
class Trail:
    """What one user did."""

    used: set[Use] = field(default_factory=set)
    """What a role of the chart allowed."""
    read: set[Use] = field(default_factory=set)
    """Paths that it was allowed to read, by whichever role: of several that allow it, one is logged."""
    refused: set[Use] = field(default_factory=set)


def given(roles: Iterable[Mapping[str, Any]]) -> set[Use]:
    """Every right in the rules of *roles*."""
    return {use for role in roles for rule in role["rules"] for use in _of_rule(rule)}


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Use]:
    for verb in rule["verbs"]:
        yield from (Use("", path, verb) for path in rule.get("nonResourceURLs", ()))
        for group in rule.get("apiGroups", ()):
            yield from (Use(group, resource, verb) for resource in rule.get("resources", ()))


def told(lines: Iterable[str], user: str, bindings: Iterable[str]) -> Trail:
    """What *user* did by the *bindings* of these names, from the *lines* of an audit log.

    Everybody may discover what is served and ask for the own rights: that is not counted.
    """
    trail, quoted = Trail(), tuple(f'"{each}' for each in bindings)
    for line in lines:
        event = json.loads(line) if line.endswith("}\n") else {}
        if event and event["user"]["username"] == user:
            _count(event, quoted, trail)
    return trail


def _count(event: Mapping[str, Any], quoted: tuple[str, ...], trail: Trail) -> None:
    annotations, code = event["annotations"], event.get("responseStatus", {}).get("code", 0)
    use = _use(event)
    if annotations[DECISION] != "allow" or code == FORBIDDEN:
        trail.refused.add(use)
    elif event.get("objectRef") is None:
        trail.read.add(use)
    elif any(each in annotations[REASON] for each in quoted):
        trail.used.add(use)
        if use.verb == "patch" and code == CREATED:
            # The API server asks for this right when an apply makes the object, and logs the apply.
            trail.used.add(use._replace(verb="create"))


def _use(event: Mapping[str, Any]) -> Use:
    target = event.get("objectRef")
    if target is None:
        return Use("", event["requestURI"].partition("?")[0], event["verb"])
    resource = "/".join(filter(None, (target["resource"], target.get("subresource"))))
    return Use(target.get("apiGroup", ""), resource, event["verb"])
