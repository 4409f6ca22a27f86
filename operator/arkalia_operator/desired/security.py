"""`spec.security`: a NetworkPolicy for each module that allows what its description names.

Who calls whom stands in `calls`; a public module also calls every module with routes. Pods of
other systems and namespaces are refused, whatever their labels say about modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import manifest, module_labels, module_selector
from arkalia_operator.desired.resolve import ResolvedModule

EVERY_POD: Final[Manifest] = {"namespaceSelector": {}}
DNS: Final[Manifest] = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}


def manifests(
    system: ArkaliaSystem, module: ResolvedModule, all_modules: Sequence[ResolvedModule]
) -> Iterator[Manifest]:
    """The policy of *module*, unless policies are turned off."""
    if not system.spec.security.network_policies.enabled:
        return
    yield manifest(
        kinds.NETWORK_POLICY,
        names.module(system.name, module.name),
        system,
        module_labels(system, module, names.MAIN),
        spec={
            "podSelector": {"matchLabels": module_selector(system.name, module.name)},
            "policyTypes": ["Ingress", "Egress"],
            **present(ingress=_ingress(system, module, all_modules)),
            "egress": _egress(system, module, all_modules),
        },
    )


def may_call(caller: ResolvedModule, callee: ResolvedModule) -> bool:
    """Whether the modules' descriptions name a call from *caller* to *callee*."""
    if caller.name == callee.name:
        return False
    published = caller.spec.public and bool(callee.spec.routes)
    return published or any(call.module == callee.name for call in caller.spec.calls)


def _ingress(
    system: ArkaliaSystem, module: ResolvedModule, all_modules: Sequence[ResolvedModule]
) -> list[Manifest]:
    ports = _ports(module)
    if not ports:
        return []
    policies = system.spec.security.network_policies
    callers = [each.name for each in all_modules if may_call(each, module)]
    sources = [_pods_of(system, callers)] if callers else []
    monitoring = list(policies.monitoring_from) or [EVERY_POD]
    rules = [{"from": sources + monitoring, "ports": ports}]
    if module.spec.public:
        # Without peers the rule has no `from`: from everywhere, beyond the cluster too.
        rules.append({**present(**{"from": list(policies.ingress_from)}), "ports": ports})
    return rules


def _egress(
    system: ArkaliaSystem, module: ResolvedModule, all_modules: Sequence[ResolvedModule]
) -> list[Manifest]:
    callees = [each for each in all_modules if may_call(module, each)]
    to_modules = [
        {"to": [_pods_of(system, [callee.name])], "ports": ports}
        for callee in callees
        if (ports := _ports(callee))
    ]
    peers = list(system.spec.security.network_policies.egress_to)
    return [DNS, *to_modules, *([{"to": peers}] if peers else [])]


def _ports(module: ResolvedModule) -> list[Manifest]:
    ports = {each.port for each in module.spec.components if each.port is not None}
    return [{"port": port, "protocol": "TCP"} for port in sorted(ports)]


def _pods_of(system: ArkaliaSystem, modules: Sequence[str]) -> Manifest:
    wanted = {"key": labels.MODULE, "operator": "In", "values": sorted(modules)}
    return {
        "podSelector": {
            "matchLabels": {labels.SYSTEM: system.name},
            "matchExpressions": [wanted],
        }
    }
