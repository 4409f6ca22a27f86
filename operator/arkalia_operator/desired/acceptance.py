"""What the API server cannot judge of a spec, as named checks: each finds a problem, or none.

A rule within one object is CEL in its CRD. Here is what takes a system and a module together, or
what lies inside a field that is passed through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from arkalia_contract.llm import MAIN
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.data import Data
from arkalia_operator.api.llm import Llm
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.placement import Placement
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import names, pod_template
from arkalia_operator.desired.quantities import canonical_quantity
from arkalia_operator.desired.resolved import Problem, ResolvedModule

DEEPEST: Final = 32
"""Objects and lists inside each other, in a field that is passed through. A pod template has at
most 12; what is much deeper would end in a recursion error instead of a condition."""
TOO_DEEP: Final = f"more than {DEEPEST} objects and lists inside each other: write it flatter"

UNMET: Final = ("kubernetes",)
"""What this version does not provide."""

Check = Callable[[ResolvedModule], Problem | None]


def nests_too_deeply(module: ResolvedModule) -> Problem | None:
    """A field that is passed through has no end in sight."""
    settings, monitoring = module.settings, module.spec.monitoring
    if _too_deep({"rules": monitoring.rules, "dashboard": monitoring.dashboard}):
        message = f"ArkaliaModule {module.name}: spec.monitoring nests {TOO_DEEP}"
        return Problem(Reason.MODULE_INVALID, message)
    affinity = settings.placement.affinity if settings.placement else {}
    fields = {
        "config": settings.config,
        "placement.affinity": affinity,
        "podTemplate": settings.pod_template,
    }
    for name, value in fields.items():
        if _too_deep(value):
            return _of_settings(module, f"{name} nests {TOO_DEEP}")
    return None


def scaling_clashes(module: ResolvedModule) -> Problem | None:
    """The API server judges a user's own pair; only here it meets the module's defaults."""
    scaling = module.scaling
    if scaling is None or scaling.min_replicas <= scaling.max_replicas:
        return None
    return _of_settings(
        module,
        f"scaling: minReplicas {scaling.min_replicas} is greater than maxReplicas "
        f"{scaling.max_replicas}: write both fields",
    )


def quantity_is_unreadable(module: ResolvedModule) -> Problem | None:
    """CPU or memory that Kubernetes takes for a number, and cannot store."""
    for component in module.spec.components:
        for mistake in _wrong_quantities(component.resources):
            message = f"ArkaliaModule {module.name}: {component.name}: resources.{mistake}"
            return Problem(Reason.MODULE_INVALID, message)
    for mistake in _wrong_quantities(module.settings.resources or ResourceRequirements()):
        return _of_settings(module, f"resources.{mistake}")
    return None


def pod_template_does_not_fit(module: ResolvedModule) -> Problem | None:
    """The podTemplate cannot be merged, or would weaken the pod."""
    found = pod_template.mistakes(module.settings.pod_template, own=module.name)
    if not found:
        return None
    return _of_settings(module, f"podTemplate{'; '.join(first_of(found))}")


def needs_are_not_met(module: ResolvedModule) -> Problem | None:
    """The module cannot work without something that this version does not provide."""
    needs = module.spec.needs.model_dump(by_alias=True)
    unmet = [name for name in UNMET if needs[name]]
    if not unmet:
        return None
    message = (
        f"ArkaliaModule {module.name}: spec.needs.{unmet[0]} is not provided by this version of "
        "Arkalia: remove it if the module can work without, or install a version that provides it"
    )
    return Problem(Reason.MODULE_INVALID, message)


def first_credential_is_not_for_it(module: ResolvedModule) -> Problem | None:
    """Somebody else's module asks for the first administrator's password."""
    if not (module.foreign and module.spec.needs.first_credential):
        return None
    message = (
        f"ArkaliaModule {module.name}: spec.needs.firstCredential is for modules of the catalogue: "
        "remove it"
    )
    return Problem(Reason.MODULE_INVALID, message)


def name_is_taken(module: ResolvedModule) -> Problem | None:
    """An object of the module would be called as one of the system as a whole."""
    if module.name not in names.OWN:
        return None
    message = f"ArkaliaModule {module.name}: the name is the system's own: write another one"
    return Problem(Reason.MODULE_INVALID, message)


NESTING: Final = (dict, list)

CHECKS: Final[tuple[Check, ...]] = (
    nests_too_deeply,
    name_is_taken,
    needs_are_not_met,
    first_credential_is_not_for_it,
    scaling_clashes,
    quantity_is_unreadable,
    pod_template_does_not_fit,
)


def problem_of(module: ResolvedModule) -> Problem | None:
    """The first thing that keeps *module* from being rendered."""
    return next(filter(None, (check(module) for check in CHECKS)), None)


def problems_of_system(system: ArkaliaSystem) -> Iterator[Problem]:
    """Everything that keeps all modules of *system* from being rendered."""
    if _too_deep(system.spec.placement.affinity):
        yield _invalid(f"spec.placement.affinity nests {TOO_DEEP}")
    if _too_deep((system.spec.llm.placement or Placement()).affinity):
        yield _invalid(f"spec.llm.placement.affinity nests {TOO_DEEP}")
    yield from map(_invalid, _wrong_amounts_of_data(system.spec.data))
    yield from map(_invalid, _wrong_amounts_of_models(system.spec.llm))
    yield from map(_invalid, _wrong_ranges(system))
    yield from map(_invalid, _wrong_addresses(system.spec))


def _wrong_addresses(spec: ArkaliaSystemSpec) -> Iterator[str]:
    """What looks like the address of a server and is none: a pattern knows no greatest port."""
    for place, address in _addresses(spec):
        try:
            urlsplit(address).port  # noqa: B018 - it is read when it is asked for
        except ValueError as error:
            yield (
                f"spec.{place}: {error}: write an address with a port below 65536, or none, for "
                "example https://server.example.com"
            )


def _addresses(spec: ArkaliaSystemSpec) -> Iterator[tuple[str, str]]:
    proxy, tracing, oidc = spec.network.proxy, spec.monitoring.tracing, spec.auth.oidc
    yield from (("network.proxy.http", each) for each in [proxy.http] if each)
    yield from (("network.proxy.https", each) for each in [proxy.https] if each)
    yield from (("monitoring.tracing.endpoint", each.endpoint) for each in [tracing] if each)
    yield from (("auth.oidc.issuer", each.issuer) for each in [oidc] if each)
    for each in spec.llm.outside():
        yield "llm.url" if each.name == MAIN else f"llm.fallback[{each.name}].url", each.url


def _wrong_ranges(system: ArkaliaSystem) -> Iterator[str]:
    """What looks like an address range and is none."""
    for each in system.spec.network.trusted_proxies:
        try:
            ip_network(each)
        except ValueError as error:
            yield (
                f"spec.network.trustedProxies: {error}: write an address range, for example "
                "10.0.0.0/8"
            )


def _wrong_amounts_of_data(data: Data) -> Iterator[str]:
    """What is wrong with the quantities of `spec.data`."""
    queue, cache = data.redis.queue, data.redis.cache
    amounts = {
        "postgresql.storage.size": data.postgresql.volume.size,
        "redis.queue.storage.size": queue.volume.size,
        "redis.queue.maxMemory": queue.max_memory or "0",
        "redis.cache.maxMemory": cache.max_memory or "0",
    }
    for place, quantity in amounts.items():
        yield from _wrong_quantity(f"data.{place}", quantity)
    resources = {
        "postgresql": data.postgresql.resources,
        "redis.queue": queue.resources,
        "redis.cache": cache.resources,
    }
    for place, found in resources.items():
        for mistake in _wrong_quantities(found or ResourceRequirements()):
            yield f"spec.data.{place}.resources.{mistake}"


def _wrong_amounts_of_models(llm: Llm) -> Iterator[str]:
    """What is wrong with the quantities of `spec.llm`."""
    yield from _wrong_quantity("llm.storage.size", llm.volume.size)
    for mistake in _wrong_quantities(llm.resources or ResourceRequirements()):
        yield f"spec.llm.resources.{mistake}"


def _wrong_quantity(place: str, quantity: str) -> Iterator[str]:
    try:
        canonical_quantity(quantity)
    except ValueError as error:
        yield f"spec.{place}: {error}"


def _invalid(message: str) -> Problem:
    return Problem(Reason.INVALID_SPEC, message)


def _of_settings(module: ResolvedModule, message: str) -> Problem:
    return Problem(Reason.INVALID_SPEC, f"spec.modules.{module.name}.{message}")


def _wrong_quantities(resources: ResourceRequirements) -> Iterator[str]:
    amounts = {"requests": resources.requests, "limits": resources.limits}
    for kind, by_name in amounts.items():
        for name, quantity in by_name.items():
            try:
                canonical_quantity(quantity)
            except ValueError as error:
                yield f"{kind}.{name}: {error}"


def _too_deep(value: Any) -> bool:
    """Whether *value* nests deeper than is looked into, found level by level."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, NESTING)]
    return any(len(_inside(outer)) for outer in level)


def _inside(value: Any) -> Collection[Any]:
    if isinstance(value, dict):  # a check for Mapping would cost most of the time
        return value.values()
    return value if isinstance(value, list) else ()
