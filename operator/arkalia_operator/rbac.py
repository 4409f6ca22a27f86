"""The rights that the operator needs, derived from what it does with each kind, verb by verb.

`charts/arkalia/files/rbac-rules.yaml` is generated from here, so a kind that is added to
`desired.kinds` brings its rights along, and one that goes takes them with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from arkalia_operator.cluster.issuer import DISCOVERY, KEYS
from arkalia_operator.cluster.kinds import ACTION, EVENT, LEASE, MODULE, SYSTEM
from arkalia_operator.cluster.lease import LeaseKey
from arkalia_operator.desired.kinds import (
    HOLD_DATA,
    IN_APPLY_ORDER,
    POD,
    SECRET,
    Kind,
)
from arkalia_operator.planning.permissions import Right

READ: Final = ("get", "list", "watch")
"""The watch tells the news; the sweep gets what it missed."""
REMOVE: Final = ("delete", "get", "list", "watch")
"""Actions that are done are deleted after a while; the operator creates none."""
INFORM: Final = ("list", "watch")
"""An informer never gets a single object."""
OWN: Final = ("create", "delete", "get", "list", "patch", "watch")
"""Server-side apply is a `patch`, which the API server admits for an absent object only together
with `create`; `get` tells whose the object is that already has the name; `delete` is for what is
no longer wanted."""
ADOPT: Final = ("create", "get", "list", "patch", "watch")
"""What holds data the operator cannot delete, whatever it decides."""
PATHS: Final = (DISCOVERY, KEYS)
"""What is read beside resources. Only a ClusterRole can hold it, so it stands in the template."""
KEEP: Final = ("create", "get", "patch")
"""A Secret is read and written by its name: no list, no watch, so nothing of others is seen."""
ANNOUNCE: Final = ("create", "patch")
"""A repeated Event is patched instead of created again."""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule of a Role or ClusterRole."""

    group: str
    verbs: tuple[str, ...]
    resources: tuple[str, ...]


def rules() -> tuple[Rule, ...]:
    """Everything that the operator may do, in a stable order."""
    return merged(rule for _, _, rule in _uses())


def rights(served: Collection[str], lease: LeaseKey | None = None) -> Iterator[Right]:
    """Every single right that the operator uses, with what it is for.

    *served* are the optional kinds that the cluster has: nobody must grant what is not there. *lease*
    is the one by which operators take turns, if they do.
    """
    for feature, kind, rule in _uses():
        if not kind.optional or kind.name in served:
            for resource in rule.resources:
                yield from (Right(feature, rule.group, resource, verb) for verb in rule.verbs)
    yield from (Right("identity of modules", "", path, "get") for path in PATHS)
    if lease is not None:
        yield from _of_lease(lease)


def _uses() -> Iterator[tuple[str, Kind, Rule]]:
    """What is done with which kind, and what for: the one table of rights."""
    yield "systems", SYSTEM, _rule(SYSTEM, READ)
    yield "systems", MODULE, _rule(MODULE, READ)
    yield "status", SYSTEM, _rule(SYSTEM, ("patch",), "/status")
    # Children have blockOwnerDeletion set; where the admission plugin
    # OwnerReferencesPermissionEnforcement runs (OpenShift), that takes this right.
    yield "owners of objects", SYSTEM, _rule(SYSTEM, ("update",), "/finalizers")
    yield "approvals", ACTION, _rule(ACTION, REMOVE)
    yield "approvals", ACTION, _rule(ACTION, ("patch",), "/status")
    yield "events", EVENT, _rule(EVENT, ANNOUNCE)
    yield "reasons of pods", POD, _rule(POD, INFORM)
    yield "certificates and passwords", SECRET, _rule(SECRET, KEEP)
    yield from ((kind.plural, kind, _rule(kind, verbs_of(kind))) for kind in IN_APPLY_ORDER)


def _of_lease(key: LeaseKey) -> Iterator[Right]:
    """The Lease is in one namespace, so its Role stands in the chart's own template."""
    for verb, name in (("create", ""), ("get", key.name), ("update", key.name)):
        group, _, _ = LEASE.api_version.rpartition("/")
        yield Right("leader election", group, LEASE.plural, verb, key.namespace, name)


def verbs_of(kind: Kind) -> tuple[str, ...]:
    """What the operator does with the children of *kind*."""
    return ADOPT if kind in HOLD_DATA else OWN


def merged(each: Iterable[Rule]) -> tuple[Rule, ...]:
    """The same rights in fewer rules: one for each group and list of verbs."""
    ordered = sorted(each)
    return tuple(
        Rule(group, verbs, tuple(name for rule in same for name in rule.resources))
        for (group, verbs), same in groupby(ordered, key=lambda rule: (rule.group, rule.verbs))
    )


def _rule(kind: Kind, verbs: tuple[str, ...], subresource: str = "") -> Rule:
    group, _, _ = kind.api_version.rpartition("/")
    return Rule(group, verbs, (f"{kind.plural}{subresource}",))
