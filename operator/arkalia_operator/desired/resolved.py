"""The modules of one system, resolved: what is rendered, and what is held because of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec, Migrations, ModuleScaling
from arkalia_operator.api.components import Component
from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.api.reasons import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of the spec that cannot be done, or has no effect, in words for the user."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ResolvedModule:
    """A module as this system wants it."""

    name: str
    version: str
    image: str
    spec: ArkaliaModuleSpec
    settings: ModuleSettings
    unknown: tuple[str, ...] = ()
    """Fields of its description that the API server dropped."""
    foreign: bool = False
    """Whether somebody else describes it: an ArkaliaModule of the namespace."""

    @property
    def scaling(self) -> ModuleScaling | None:
        """Automatic scaling in force; None where the number of pods is fixed."""
        wanted, own = self.settings.scaling, self.spec.scaling
        if self.settings.replicas is not None or (wanted is None and own is None):
            return None
        chosen = wanted.model_dump(exclude_none=True) if wanted else {}
        return ModuleScaling.model_validate((own or ModuleScaling()).model_dump() | chosen)

    @property
    def migrations(self) -> Migrations | None:
        """How its schema moves; None where it has none."""
        return self.spec.migrations if self.spec.needs.postgresql else None

    def scaling_of(self, component: Component) -> ModuleScaling | None:
        """Automatic scaling in force for *component*; a singleton is never scaled."""
        return None if component.singleton else self.scaling

    def replicas(self, component: Component) -> int:
        """The fixed number of pods of *component*, where nothing scales it."""
        if component.singleton:
            return 1
        wanted = self.settings.replicas
        return component.replicas if wanted is None else wanted

    def certain_replicas(self, component: Component) -> int:
        """The number of pods of *component* that there are at least."""
        scaling = self.scaling_of(component)
        return scaling.min_replicas if scaling else self.replicas(component)


@dataclass(frozen=True, slots=True)
class Held:
    """A module whose objects stay as they are because of a problem."""

    problem: Problem
    module: ResolvedModule | None = None
    """What is known of it: the other modules still call it, and it them."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The modules of a system, and what stands in the way."""

    version: str
    modules: tuple[ResolvedModule, ...] = ()
    """Those that are rendered, in the order of their names."""
    held: Mapping[str, Held] = field(default_factory=dict)
    """By name."""
    unused: tuple[Problem, ...] = ()
    """What was written and has no effect; it stands in nobody's way."""
    ways_back: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By module and version, of every known version: the command that undoes its migrations."""
    problem: Problem | None = None
    """Of the system as a whole: nothing is rendered, and everything held."""
    missing: tuple[Problem, ...] = ()
    """What the spec names and is not there as it must be. It is told, and nothing is held."""
    keys: tuple[Problem, ...] = ()
    """API keys of model servers that are not there as they must be. That is told, and nothing is held."""
    further: tuple[Problem, ...] = ()
    """What is wrong beside it."""
    running: frozenset[str] | None = None
    """Names of modules that have objects in the cluster; None where nobody has looked."""
    registry: str = ""
    """Where images come from that name no registry, if the spec names none either."""

    def among(self, running: frozenset[str]) -> Resolution:
        """The same in a cluster that has objects of the modules *running*."""
        return replace(self, running=running) if self.strangers else self

    @property
    def hold_all(self) -> bool:
        """Whether every object of the system stays as it is."""
        return self.problem is not None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that stands in the way."""
        of_system = () if self.problem is None else (self.problem, *self.further)
        return (
            *of_system,
            *(each.problem for each in self.held.values()),
            *self.missing,
            *self.keys,
        )

    @property
    def known(self) -> tuple[ResolvedModule, ...]:
        """Every module that may run and can be read: rendered or held."""
        held = (each.module for each in self.held.values())
        return (*self.modules, *(module for module in held if module is not None))

    @property
    def strangers(self) -> tuple[str, ...]:
        """Names of modules that may run, and of which nothing more is known."""
        return tuple(name for name, each in self.held.items() if each.module is None)

    @property
    def running_strangers(self) -> tuple[str, ...]:
        """Those that do run, as far as is known: a name that was misspelt never does."""
        found = self.strangers
        return found if self.running is None else tuple(x for x in found if x in self.running)
