"""Which modules a system has, worked out anew only when something has changed that decides it.

A system that is as it should be is looked at once in a while for as long as it lives; most of the time
of such a look went into finding out that its spec is still right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.resolve import Defaults, Modules, resolve
from arkalia_operator.desired.resolved import Problem, Resolution
from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.planning.upgrades import default_version
from arkalia_operator.runtime.resources import Resources


class Basis(NamedTuple):
    """What a resolution is made from."""

    system: ArkaliaSystem
    modules: Modules
    trouble: Problem | None = None
    """Found with what the spec names."""
    keys: tuple[Problem, ...] = ()
    """Found with the API keys of its model servers."""


@dataclass(slots=True)
class Resolver:
    """Knows the modules that there are, and what became of them in each system."""

    resources: Resources
    builtin: Mapping[str, Mapping[str, ArkaliaModule]]
    """The catalogue: modules by version and name."""
    defaults: Defaults
    _known: dict[SystemKey, tuple[Basis, Resolution]] = field(default_factory=dict)

    def modules(self, system: ArkaliaSystem, gate: RolloutGate) -> Modules:
        """The modules that *system* may have, in the version that *gate* lets it have."""
        usable, broken = self.resources.available(system.namespace)
        running = default_version(system, gate, self.builtin, self.defaults.version)
        return Modules(self.builtin, usable, broken, replace(self.defaults, version=running))

    def waiting(self, system: ArkaliaSystem, modules: Modules) -> str:
        """The version of *modules* that an upgrade holds back in *system*; empty if none is."""
        own = self.defaults.version
        held = modules.defaults.version != own and system.spec.version is None
        return own if held else ""

    def resolution(self, key: SystemKey, basis: Basis) -> Resolution:
        """The enabled modules of the system *key*."""
        known = self._known.get(key)
        if known is None or known[0] != basis:  # what is the very same object is not compared
            known = self._known[key] = basis, resolve(*basis)
        return known[1]

    def forget(self, key: SystemKey) -> None:
        """The system *key* is gone."""
        self._known.pop(key, None)
