"""Which operators look after a system, and why none does, by an ordered list of named checks. Pure.

An operator takes the systems of its namespaces whose labels its selector fits. A system that none
takes stays as it is, and nobody says so but this program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_cli.durations import rounded
from arkalia_cli.system import System

PATIENCE_SECONDS: Final = 30.0
"""An operator that runs looks at a new system sooner."""
EQUALITIES: Final = re.compile(r"[^\s,=!()]+==?[^\s,=!()]*(,[^\s,=!()]+==?[^\s,=!()]*)*")
"""A selector that says itself which labels it wants."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A Deployment of the operator."""

    namespace: str
    name: str
    release: str
    ready: int
    namespaces: tuple[str, ...] = ()
    """Those that it watches; none where it watches all."""
    selector: str = ""
    """The systems that it takes, as `kubectl --selector` has it; empty where it takes all."""

    def watches(self, namespace: str) -> bool:
        """Whether it looks at *namespace* at all."""
        return not self.namespaces or namespace in self.namespaces

    def __str__(self) -> str:
        return f"{self.name} in {self.namespace}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nobody looks after a system, and what to do."""

    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """A system, and the operators that look after it."""

    system: System
    operators: tuple[Operator, ...] | None
    """All of the cluster; None where the user may not see them."""
    chosen: tuple[Operator, ...] | None
    """Those that take the system, whether they run or not; None where that cannot be told."""
    waited: float
    """Seconds since the system was made."""

    @property
    def runs(self) -> bool | None:
        """Whether any operator of the cluster runs; None where the user may not see them."""
        return None if self.operators is None else any(each.ready for each in self.operators)

    @property
    def takers(self) -> tuple[Operator, ...] | None:
        """Those that run and take the system; None where that cannot be told."""
        return None if self.chosen is None else tuple(each for each in self.chosen if each.ready)

    @property
    def trouble(self) -> Trouble | None:
        """What keeps operators from it; None where one looks after it, or will in a moment."""
        if self.chosen is None:
            return _unknown(self) if self.waits else None
        return next((found for check in CHECKS if (found := check(self))), None)

    @property
    def waits(self) -> bool:
        """Whether it has waited for a first look for longer than that takes."""
        return not self.system.observed_generation and self.waited >= PATIENCE_SECONDS

    @property
    def beginning(self) -> str:
        """How every trouble begins."""
        if self.system.observed_generation:
            return "No operator looks after this system any more"
        return f"No operator has looked at this system for {rounded(self.waited)}"


def attended(
    system: System,
    operators: Sequence[Operator] | None,
    fitting: Sequence[Operator] | None,
    waited: float,
) -> Attendance:
    """The attendance of *system*, whose labels fit the selectors of *fitting*; None is unknown."""
    if operators is None or fitting is None:
        return Attendance(system, _frozen(operators), None, waited)
    chosen = tuple(each for each in fitting if each.watches(system.namespace))
    return Attendance(system, tuple(operators), chosen, waited)


def none_installed(attendance: Attendance) -> Trouble | None:
    """Is there no operator at all?"""
    if attendance.operators:
        return None
    message = f"{attendance.beginning}: none is installed in the cluster."
    return Trouble(message, "Install the chart `arkalia`.")


def takers_down(attendance: Attendance) -> Trouble | None:
    """Do those that take it not run? Another one that took it too would be in their way."""
    if not attendance.chosen or attendance.takers:
        return None
    first, several = attendance.chosen[0], len(attendance.chosen) > 1
    told = "take it, and do not run" if several else "takes it, and does not run"
    return Trouble(
        f"{attendance.beginning}: {' and '.join(map(str, attendance.chosen))} {told}.",
        f"`kubectl --namespace {first.namespace} describe deployment {first.name}` tells why.",
    )


def other_namespaces(attendance: Attendance) -> Trouble | None:
    """Do all operators watch other namespaces?"""
    place = attendance.system.namespace
    if attendance.chosen or any(each.watches(place) for each in attendance.operators or ()):
        return None
    return _declined(
        attendance,
        f"Apply it in a namespace that is watched, or add {place} to `watchNamespaces` of the "
        f"chart of {_nearest(attendance)}.",
    )


def other_labels(attendance: Attendance) -> Trouble | None:
    """Do those that watch its namespace take systems with other labels?"""
    if attendance.chosen:
        return None
    labels = _labels(attendance.system, _nearest(attendance))
    return _declined(attendance, f"{labels}, or change its `systemSelector`.")


def silent(attendance: Attendance) -> Trouble | None:
    """Has one that runs and takes it not looked for too long?"""
    if not attendance.takers or not attendance.waits:
        return None
    first = attendance.takers[0]
    return Trouble(
        f"{attendance.beginning}, though {first} takes it.",
        f"`kubectl --namespace {first.namespace} logs deployment/{first.name}` tells why.",
    )


Check = Callable[[Attendance], Trouble | None]
CHECKS: Final[tuple[Check, ...]] = (
    none_installed,
    takers_down,
    other_namespaces,
    other_labels,
    silent,
)


def _declined(attendance: Attendance, advice: str) -> Trouble:
    """What every operator says why it leaves the system out, and *advice*."""
    told = ", and ".join(_why(each, attendance.system) for each in attendance.operators or ())
    return Trouble(f"{attendance.beginning}: {told}.", advice)


def _why(operator: Operator, system: System) -> str:
    down = "" if operator.ready else ", and does not run"
    if not operator.watches(system.namespace):
        return f"{operator} watches only the namespaces {', '.join(operator.namespaces)}{down}"
    return f"{operator} takes only systems that fit the selector `{operator.selector}`{down}"


def _nearest(attendance: Attendance) -> Operator:
    """The operator that lacks least for the system: one that watches its namespace, and runs."""
    place = attendance.system.namespace
    found = attendance.operators or ()
    return min(found, key=lambda each: (not each.watches(place), not each.ready))


def _labels(system: System, operator: Operator) -> str:
    if not EQUALITIES.fullmatch(operator.selector):
        return f"Give it labels that fit `{operator.selector}`"
    words = operator.selector.replace("==", "=").replace(",", " ")
    where = f"kubectl --namespace {system.namespace} label arkaliasystem"
    return f"Give it the labels (`{where} {system.name} {words} --overwrite`)"


def _unknown(attendance: Attendance) -> Trouble:
    system = attendance.system
    labels = ",".join(f"{key}={value}" for key, value in system.labels.items())
    return Trouble(
        f"{attendance.beginning}; you may not see which operators there are, and what they take.",
        "Ask whoever runs the cluster for an operator whose `watchNamespaces` has "
        f"{system.namespace} and whose `systemSelector` fits a system with "
        f"{f'the labels {labels}' if labels else 'no labels'}.",
    )


def _frozen(operators: Sequence[Operator] | None) -> tuple[Operator, ...] | None:
    return None if operators is None else tuple(operators)
