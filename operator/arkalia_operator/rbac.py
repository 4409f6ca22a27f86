"""The rights that the operator needs, derived from what it does with each kind, verb by verb.

`charts/arkalia/files/rbac-rules.yaml` is generated from here, so a kind that is added to
`desired.kinds` brings its rights along, and one that goes takes them with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from arkalia_operator.api import GROUP
from arkalia_operator.api.resources import MODULE_PLURAL, SYSTEM_PLURAL
from arkalia_operator.desired import kinds

READ: Final = ("list", "watch")
"""An informer never gets a single object."""
CHILD: Final = ("create", "delete", "list", "patch", "watch")
"""Server-side apply is a `patch`, which the API server admits for an absent object only together
with `create`. `delete` is for what is no longer wanted."""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule of a Role or ClusterRole."""

    group: str
    verbs: tuple[str, ...]
    resources: tuple[str, ...]


OWN: Final = (
    Rule(GROUP, READ, (SYSTEM_PLURAL, MODULE_PLURAL)),
    Rule(GROUP, ("patch",), (f"{SYSTEM_PLURAL}/status",)),
    # Children have blockOwnerDeletion set; where the admission plugin
    # OwnerReferencesPermissionEnforcement runs (OpenShift), that takes this right.
    Rule(GROUP, ("update",), (f"{SYSTEM_PLURAL}/finalizers",)),
)
ABOUT_OTHERS: Final = (
    Rule("", READ, (kinds.POD.plural,)),
    # A repeated Event is patched instead of created again.
    Rule("", ("create", "patch"), ("events",)),
)


def rules() -> tuple[Rule, ...]:
    """Everything that the operator may do, in a stable order."""
    return (*OWN, *merged((*ABOUT_OTHERS, *(_child(kind) for kind in kinds.IN_APPLY_ORDER))))


def _child(kind: kinds.Kind) -> Rule:
    group, _, _ = kind.api_version.rpartition("/")
    return Rule(group, CHILD, (kind.plural,))


def merged(each: Iterable[Rule]) -> tuple[Rule, ...]:
    """The same rights in fewer rules: one for each group and list of verbs."""
    ordered = sorted(each)
    return tuple(
        Rule(group, verbs, tuple(name for rule in same for name in rule.resources))
        for (group, verbs), same in groupby(ordered, key=lambda rule: (rule.group, rule.verbs))
    )
