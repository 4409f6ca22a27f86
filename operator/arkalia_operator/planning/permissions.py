"""What the operator may not do, in one verdict that names the rule to add.

It does not make a system `Ready=False` by itself: what the missing right keeps from being done is
told where it fails, and a right may be missing that this system does not need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.planning.verdicts import Verdict

NAMED: Final = 5
"""A message names this many rules."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource, or on a path of the API server."""

    feature: str
    """What cannot be done without it."""
    group: str
    resource: str
    """Plural of the kind, with a subresource behind a slash; or a path, which begins with one."""
    verb: str
    namespace: str = ""
    """The only one in which it is needed; empty: wherever systems are."""
    name: str = ""
    """The only object for which it is needed; empty: all."""

    @property
    def is_path(self) -> bool:
        """Whether it is about a path instead of a resource."""
        return self.resource.startswith("/")


def verdict(missing: Sequence[Right]) -> Verdict:
    """The condition `PermissionsReady`."""
    kind = ConditionType.PERMISSIONS_READY
    if not missing:
        reason = Reason.PERMISSIONS_GRANTED
        return Verdict(kind, "True", reason, reason.meaning)
    return Verdict(kind, "False", Reason.PERMISSIONS_MISSING, told(missing))


def told(missing: Sequence[Right]) -> str:
    """The features that suffer, and the rules to add to the operator's role."""
    features = ", ".join(first_of(dict.fromkeys(each.feature for each in missing), NAMED))
    rules = list(_rules(missing))
    return (
        f"The operator has not all rights for: {features}. Add to its role: "
        f"{'; '.join(first_of(rules, NAMED))}."
    )


def _rules(missing: Iterable[Right]) -> Iterable[str]:
    def place(right: Right) -> tuple[str, str, str]:
        return right.group, right.resource, right.name

    for (group, resource, name), rights in groupby(sorted(missing, key=place), key=place):
        verbs = ", ".join(sorted(each.verb for each in rights))
        where = (
            f"nonResourceURLs: [{resource}]"
            if resource.startswith("/")
            else f'apiGroups: ["{group}"], resources: [{resource}]'
        ) + (f", resourceNames: [{name}]" if name else "")
        yield f"{{{where}, verbs: [{verbs}]}}"
