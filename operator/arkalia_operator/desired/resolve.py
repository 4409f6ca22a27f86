"""Which modules a system has: the catalogue, the namespace's own modules, and the user's word.

What cannot be resolved becomes a problem with a reason, and its objects are held as they are:
a mistake in one line of a spec must not take down what runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec, Component, ModuleScaling
from arkalia_operator.api.conditions import Reason
from arkalia_operator.api.images import Images
from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem


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
class Problem:
    """A part of the spec that cannot be done, in words for the user."""

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

    @property
    def scaling(self) -> ModuleScaling | None:
        """Automatic scaling in force; None where the number of pods is fixed."""
        wanted, own = self.settings.scaling, self.spec.scaling
        if self.settings.replicas is not None or (wanted is None and own is None):
            return None
        chosen = wanted.model_dump(exclude_none=True) if wanted else {}
        return ModuleScaling.model_validate((own or ModuleScaling()).model_dump() | chosen)

    def replicas(self, component: Component) -> int:
        """The fixed number of pods of *component*, where nothing scales it."""
        if component.singleton:
            return 1
        wanted = self.settings.replicas
        return component.replicas if wanted is None else wanted


@dataclass(frozen=True, slots=True)
class Resolution:
    """The modules of a system, and what stands in the way."""

    version: str
    modules: tuple[ResolvedModule, ...] = ()
    problems: tuple[Problem, ...] = ()
    held: frozenset[str] = field(default_factory=frozenset)
    """Modules whose objects stay as they are because of a problem."""
    hold_all: bool = False


def resolve(system: ArkaliaSystem, modules: Modules) -> Resolution:
    """The enabled modules of *system*, in the order of their names."""
    version = system.spec.version or modules.defaults.version
    builtin = modules.builtin.get(version)
    if builtin is None:
        return Resolution(version, problems=(_unknown_version(version, modules),), hold_all=True)
    names = sorted({*builtin, *system.spec.modules})
    wanted = [name for name in names if _settings(system, name).enabled]
    problems = {name: problem for name in wanted for problem in _problems(system, name, modules)}
    known = {**modules.foreign, **builtin}
    registry = system.spec.images.registry or modules.defaults.registry
    return Resolution(
        version,
        tuple(
            _resolved(system, known[name], version, registry)
            for name in wanted
            if name not in problems
        ),
        tuple(problems.values()),
        frozenset(problems),
    )


def image(module: ArkaliaModule, images: Images, version: str, registry: str) -> str:
    """The full reference of a module's image; a digest wins over the tag."""
    repository = module.spec.image.repository
    if not _names_a_host(repository) and registry:
        repository = f"{registry}/{repository}"
    digest = images.digests.get(module.name)
    return (
        f"{repository}@{digest}" if digest else f"{repository}:{module.spec.image.tag or version}"
    )


def _names_a_host(repository: str) -> bool:
    """As container runtimes decide it: a dot, a port or `localhost` before the first slash."""
    host, slash, _ = repository.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")


def _settings(system: ArkaliaSystem, name: str) -> ModuleSettings:
    return system.spec.modules.get(name) or ModuleSettings()


def _resolved(
    system: ArkaliaSystem, module: ArkaliaModule, version: str, registry: str
) -> ResolvedModule:
    return ResolvedModule(
        name=module.name,
        version=version,
        image=image(module, system.spec.images, version, registry),
        spec=module.spec,
        settings=_settings(system, module.name),
    )


def _unknown_version(version: str, modules: Modules) -> Problem:
    known = ", ".join(sorted(modules.builtin))
    return Problem(
        Reason.VERSION_NOT_SUPPORTED,
        f"spec.version {version} is not known to this operator: write one of {known}, "
        "or install an operator that knows it",
    )


def _problems(system: ArkaliaSystem, name: str, modules: Modules) -> Iterator[Problem]:
    builtin = modules.builtin[system.spec.version or modules.defaults.version]
    if name in builtin:
        yield from _scaling_problem(system, builtin[name])
    elif name in modules.foreign:
        yield from _scaling_problem(system, modules.foreign[name])
    elif name in modules.broken:
        yield Problem(Reason.MODULE_INVALID, f"ArkaliaModule {name}: {modules.broken[name]}")
    else:
        yield Problem(
            Reason.MODULE_NOT_FOUND,
            f"spec.modules.{name}: no built-in module and no ArkaliaModule in namespace "
            f"{system.namespace} has this name; built in are {', '.join(builtin)}",
        )


def _scaling_problem(system: ArkaliaSystem, module: ArkaliaModule) -> Iterator[Problem]:
    """The API server judges a user's own pair; only here it meets the module's defaults."""
    wanted = _settings(system, module.name).scaling
    if wanted is None:
        return
    own = module.spec.scaling or ModuleScaling()
    least = own.min_replicas if wanted.min_replicas is None else wanted.min_replicas
    most = own.max_replicas if wanted.max_replicas is None else wanted.max_replicas
    if least > most:
        yield Problem(
            Reason.INVALID_SPEC,
            f"spec.modules.{module.name}.scaling: minReplicas {least} is greater than "
            f"maxReplicas {most}: write both fields",
        )
