"""Which modules a system has: the catalogue, the namespace's own modules, and the user's word.

What cannot be resolved becomes a problem with a reason, and its objects are held as they are:
a mistake in one line of a spec must not take down what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import acceptance, images, names
from arkalia_operator.desired.resolved import Held, Problem, Resolution, ResolvedModule
from arkalia_operator.desired.unused import Written, unused


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a spec may leave to the operator."""

    version: str
    registry: str


@dataclass(frozen=True, slots=True)
class Modules:
    """Every module that a system of one namespace may have."""

    builtin: Mapping[str, Mapping[str, ArkaliaModule]]
    """By version, then by name."""
    foreign: Mapping[str, ArkaliaModule]
    """ArkaliaModules of the system's namespace."""
    broken: Mapping[str, str]
    """ArkaliaModules of the namespace that cannot be read, with the reason."""
    defaults: Defaults


@dataclass(frozen=True, slots=True)
class _Choice:
    """A system, the version that it shall have, and what there is of it."""

    system: ArkaliaSystem
    version: str
    described: str
    """The version by whose descriptions it is judged: the same, if it is known."""
    modules: Modules

    @property
    def builtin(self) -> Mapping[str, ArkaliaModule]:
        """The modules that ship with the version."""
        return self.modules.builtin.get(self.described, {})

    def settings(self, name: str) -> ModuleSettings:
        return self.system.spec.modules.get(name) or ModuleSettings()

    def wanted(self) -> list[str]:
        """Names of the modules that are not switched off, the built-in ones first."""
        named = {*self.builtin, *self.system.spec.modules}
        ordered = sorted(named, key=lambda name: (name not in self.builtin, name))
        return [name for name in ordered if self.settings(name).enabled]


def resolve(
    system: ArkaliaSystem,
    modules: Modules,
    trouble: Problem | None = None,
    keys: tuple[Problem, ...] = (),
) -> Resolution:
    """The enabled modules of *system*; *trouble* and *keys* were found with what its spec names.

    A spec that is right and names what is not there holds nothing: it is only told.
    """
    version = system.spec.version or modules.defaults.version
    builtin = modules.builtin.get(version)
    # The mistakes of a spec for an unknown version are found with the modules of a known one.
    known = version if builtin is not None else modules.defaults.version
    choice = _Choice(system, version, known, modules)
    found = replace(_resolution(choice), missing=(trouble,) if trouble else (), keys=keys)
    problems = [
        *([_unknown_version(version, modules)] if builtin is None else []),
        *acceptance.problems_of_system(system),
    ]
    if not problems:
        return found
    further = (*problems[1:], *found.problems)
    return Resolution(version, problem=problems[0], further=further, unused=found.unused)


def _resolution(choice: _Choice) -> Resolution:
    rendered, held = [], {}
    taken: dict[str, str] = {}
    for name in choice.wanted():
        outcome = _outcome(choice, name, taken)
        if isinstance(outcome, Held):
            held[name] = outcome
        else:
            rendered.append(outcome)
    modules = tuple(sorted(rendered, key=lambda module: module.name))
    found = Resolution(
        choice.version,
        modules,
        held,
        ways_back=_ways_back(choice.modules),
        registry=choice.modules.defaults.registry,
    )
    return replace(found, unused=unused(_written(choice, found)))


def _written(choice: _Choice, found: Resolution) -> Written:
    foreign = frozenset({*choice.modules.foreign, *choice.modules.broken})
    return Written(choice.system, found.known, frozenset(choice.builtin), foreign)


def _ways_back(modules: Modules) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (name, version): tuple(each.spec.migrations.back)
        for version, builtin in modules.builtin.items()
        for name, each in builtin.items()
        if each.spec.migrations is not None
    }


def _outcome(choice: _Choice, name: str, taken: dict[str, str]) -> ResolvedModule | Held:
    """The module *name*; *taken* are the names of objects by module, and it adds its own."""
    description = choice.builtin.get(name) or choice.modules.foreign.get(name)
    if description is None:
        return Held(_missing(choice, name))
    module = _resolved(choice, description)
    problem = _collision(choice.system, module, taken) or acceptance.problem_of(module)
    return module if problem is None else Held(problem, module)


def _resolved(choice: _Choice, description: ArkaliaModule) -> ResolvedModule:
    registry = choice.modules.defaults.registry
    return ResolvedModule(
        name=description.name,
        version=choice.version,
        image=images.reference(description, choice.system.spec.images, choice.version, registry),
        spec=description.spec,
        settings=choice.settings(description.name),
        unknown=description.unknown,
        foreign=description.name not in choice.builtin,
    )


def _collision(
    system: ArkaliaSystem, module: ResolvedModule, taken: dict[str, str]
) -> Problem | None:
    """Two modules whose objects would have the same name: `a-b`, and component `b` of `a`."""
    components = (each.name for each in module.spec.components)
    wanted = names.all_of(system.name, module.name, components)
    clashes = sorted(wanted & taken.keys())
    if not clashes:
        taken.update(dict.fromkeys(wanted, module.name))
        return None
    message = (
        f"ArkaliaModule {module.name}: an object of it would be called {clashes[0]}, as one of "
        f"module {taken[clashes[0]]}: give the ArkaliaModule another name"
    )
    return Problem(Reason.MODULE_INVALID, message)


def _unknown_version(version: str, modules: Modules) -> Problem:
    known = ", ".join(sorted(modules.builtin))
    return Problem(
        Reason.VERSION_NOT_SUPPORTED,
        f"spec.version {version} is not known to this operator: write one of {known}, "
        "or install an operator that knows it",
    )


def _nearest(name: str, choice: _Choice) -> str:
    """What was perhaps meant."""
    found = get_close_matches(name, sorted({*choice.builtin, *choice.modules.foreign}), 1)
    return f"; did you mean {found[0]}?" if found else ""


def _missing(choice: _Choice, name: str) -> Problem:
    """Why there is no description of the module *name*."""
    if name in choice.modules.broken:
        message = f"ArkaliaModule {name}: {choice.modules.broken[name]}"
        return Problem(Reason.MODULE_INVALID, message)
    return Problem(
        Reason.MODULE_NOT_FOUND,
        f"spec.modules.{name}: no built-in module and no ArkaliaModule in namespace "
        f"{choice.system.namespace} has this name; built in are {', '.join(choice.builtin)}"
        f"{_nearest(name, choice)}",
    )
