"""What was written and has no effect, as named checks: nothing of it stands in anybody's way.

A field that is ignored in silence is a mistake that nobody finds. What hinders a system is in
`acceptance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import model_server
from arkalia_operator.desired.data import postgresql, redis
from arkalia_operator.desired.edge import pods as edge
from arkalia_operator.desired.resolved import Problem, ResolvedModule

OTHER_IMAGES: Final = frozenset(
    {postgresql.IMAGE, redis.IMAGE, edge.IMAGE, model_server.IMAGE, model_server.KEEPER_IMAGE}
)
DROPPED: Final = "is in no schema, so the API server dropped it: correct its name, or remove it"


@dataclass(frozen=True, slots=True)
class Written:
    """A system, and what there is that its words may mean."""

    system: ArkaliaSystem
    modules: tuple[ResolvedModule, ...]
    """Those that run, or are held and known."""
    builtin: frozenset[str]
    """Names of the built-in modules."""
    foreign: frozenset[str]
    """Names of the ArkaliaModules of the namespace."""


Check = Callable[[Written], Iterator[Problem]]


def unknown_fields(written: Written) -> Iterator[Problem]:
    """Fields that no schema knows, of the system and of the modules that it uses."""
    for place in written.system.unknown:
        yield Problem(Reason.UNKNOWN_FIELD, f"{place} {DROPPED}")
    for module in written.modules:
        for place in module.unknown:
            message = f"ArkaliaModule {module.name}: {place} {DROPPED}"
            yield Problem(Reason.UNKNOWN_FIELD, message)


def modules_of_a_built_in_name(written: Written) -> Iterator[Problem]:
    """ArkaliaModules that can be in no system."""
    for name in sorted(written.foreign & written.builtin):
        yield _without_effect(
            f"ArkaliaModule {name} is not used, since a built-in module has this name: give it "
            "another one, or delete it"
        )


def digests_of_nothing(written: Written) -> Iterator[Problem]:
    """Digests by a name that no image has."""
    known = {*written.builtin, *written.foreign, *OTHER_IMAGES}
    for name in sorted(written.system.spec.images.digests.keys() - known):
        yield _without_effect(
            f"spec.images.digests.{name}: no image of the system has this name: write one "
            f"of {', '.join(sorted({*written.builtin, *OTHER_IMAGES}))}, or remove it"
        )


def number_of_singletons(written: Written) -> Iterator[Problem]:
    """A number of pods for a module of which there is always one."""
    for module in written.modules:
        if all(each.singleton for each in module.spec.components):
            settings = module.settings
            given = {"replicas": settings.replicas, "scaling": settings.scaling}
            for field in (name for name, value in given.items() if value is not None):
                yield _without_effect(
                    f"spec.modules.{module.name}.{field}: every component of the module has "
                    "exactly one pod: leave it out, or write enabled: false for none"
                )


def rules_without_scrapes(written: Written) -> Iterator[Problem]:
    """Alert rules are asked for, and nothing that they could be about."""
    monitoring = written.system.spec.monitoring
    asked = monitoring.alert_rules and "alert_rules" in monitoring.model_fields_set
    if asked and not monitoring.service_monitors:
        yield _without_effect(
            "spec.monitoring.alertRules: there are none without serviceMonitors, since the silence "
            "of pods that nobody asks would alert for ever: write serviceMonitors: true, or leave "
            "alertRules out"
        )


CHECKS: Final[tuple[Check, ...]] = (
    unknown_fields,
    modules_of_a_built_in_name,
    digests_of_nothing,
    number_of_singletons,
    rules_without_scrapes,
)


def unused(written: Written) -> tuple[Problem, ...]:
    """Everything that was *written* and has no effect."""
    return tuple(problem for check in CHECKS for problem in check(written))


def _without_effect(message: str) -> Problem:
    return Problem(Reason.FIELD_WITHOUT_EFFECT, message)
