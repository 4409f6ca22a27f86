"""Which operators look after a system, and why none does. Pure.

An operator takes the systems of its namespaces whose labels its selector fits. A system that none
takes stays as it is, and nobody says so but this program.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    takers: tuple[Operator, ...] | None
    """Those that run and take the system; None where that cannot be told."""
    waited: float
    """Seconds since the system was made."""

    @property
    def trouble(self) -> Trouble | None:
        """What keeps operators from it; None where one looks after it, or will in a moment."""
        if self.takers is None:
            return self._unknown() if self._waits else None
        if not self.takers:
            return Trouble(f"{self._beginning}{self._nobody()}", self._advice())
        return self._silent(self.takers[0]) if self._waits else None

    @property
    def _waits(self) -> bool:
        """Whether it has waited for a first look for longer than that takes."""
        return not self.system.observed_generation and self.waited >= PATIENCE_SECONDS

    @property
    def _beginning(self) -> str:
        if self.system.observed_generation:
            return "No operator looks after this system any more"
        return f"No operator has looked at this system for {rounded(self.waited)}"

    def _nobody(self) -> str:
        if not self.operators:
            return ": none is installed in the cluster."
        running = [each for each in self.operators if each.ready]
        if not running:
            return f": {' and '.join(map(str, self.operators))} does not run."
        return f": {', and '.join(map(self._declined, running))}."

    def _declined(self, operator: Operator) -> str:
        if not operator.watches(self.system.namespace):
            return f"{operator} watches only the namespaces {', '.join(operator.namespaces)}"
        return f"{operator} takes only systems with {operator.selector}"

    def _advice(self) -> str:
        """What brings an operator to it, beginning with the one that lacks least."""
        running = [each for each in self.operators or () if each.ready]
        if not self.operators:
            return "Install the chart `arkalia`."
        if not running:
            first = self.operators[0]
            return f"`kubectl --namespace {first.namespace} describe deployment {first.name}` tells why."
        here = [each for each in running if each.watches(self.system.namespace)]
        if here:
            return f"{self._labels(here[0])}, or change its `systemSelector`."
        place = self.system.namespace
        return (
            f"Apply it in a namespace that is watched, or add {place} to `watchNamespaces` of the "
            f"chart of {running[0]}."
        )

    def _labels(self, operator: Operator) -> str:
        if not EQUALITIES.fullmatch(operator.selector):
            return f"Give it labels that fit {operator.selector}"
        words = operator.selector.replace("==", "=").replace(",", " ")
        where = f"kubectl --namespace {self.system.namespace} label arkaliasystem"
        return f"Give it the labels (`{where} {self.system.name} {words} --overwrite`)"

    def _silent(self, operator: Operator) -> Trouble:
        log = f"kubectl --namespace {operator.namespace} logs deployment/{operator.name}"
        return Trouble(f"{self._beginning}, though {operator} takes it.", f"`{log}` tells why.")

    def _unknown(self) -> Trouble:
        labels = ",".join(f"{key}={value}" for key, value in self.system.labels.items())
        return Trouble(
            f"{self._beginning}; you may not see which operators there are, and what they take.",
            "Ask whoever runs the cluster for an operator whose `watchNamespaces` has "
            f"{self.system.namespace} and whose `systemSelector` fits a system with "
            f"{f'the labels {labels}' if labels else 'no labels'}.",
        )


def attended(
    system: System,
    operators: Sequence[Operator] | None,
    fitting: Sequence[Operator] | None,
    waited: float,
) -> Attendance:
    """The attendance of *system*, whose labels fit the selectors of *fitting*; None is unknown."""
    if operators is None or fitting is None:
        return Attendance(system, _frozen(operators), None, waited)
    takers = [each for each in fitting if each.ready and each.watches(system.namespace)]
    return Attendance(system, tuple(operators), tuple(takers), waited)


def _frozen(operators: Sequence[Operator] | None) -> tuple[Operator, ...] | None:
    return None if operators is None else tuple(operators)
