"""`spec.security`: a NetworkPolicy for each module that allows what its description names.

Who calls whom stands in `calls`; a public module also calls every module with routes, and one that
keeps the record the outbox of every module with a schema. Pods of other systems and namespaces may read metrics, and reach the public modules, as far as the spec
says so, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import auth, exposure, kinds, llm, names, outside
from arkalia_operator.desired.data import network
from arkalia_operator.desired.data.access import DataAccess
from arkalia_operator.desired.data.needs import services_of
from arkalia_operator.desired.data.network import DNS
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import (
    edge_selector,
    manifest,
    module_labels,
    module_selector,
)
from arkalia_operator.desired.resolved import Resolution, ResolvedModule
from arkalia_operator.desired.stored import as_stored

EVERY_POD: Final[Manifest] = {"namespaceSelector": {}}


def manifests(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution, access: DataAccess
) -> Iterator[Manifest]:
    """The policy of *module*, unless policies are turned off."""
    if not system.spec.security.network_policies.enabled or network.is_held(module, access):
        return
    to_data = [
        rule for each in services_of(module) for rule in network.to_service(system, each, access)
    ]
    yield manifest(
        kinds.NETWORK_POLICY,
        names.module(system.name, module.name),
        system,
        module_labels(system, module, names.MAIN),
        spec={
            "podSelector": {"matchLabels": module_selector(system.name, module.name)},
            "policyTypes": ["Ingress", "Egress"],
            **present(ingress=_ingress(system, module, resolution)),
            "egress": [
                *_egress(system, module, resolution),
                *to_data,
                *outside.egress(system),
                *auth.egress(system, module),
                *llm.egress(system, module),
            ],
        },
    )


def may_call(caller: ResolvedModule, callee: ResolvedModule) -> bool:
    """Whether the modules' descriptions name a call from *caller* to *callee*."""
    if caller.name == callee.name:
        return False
    published = caller.spec.public and bool(callee.spec.routes)
    return published or reads_outbox(caller, callee) or _names(caller, callee.name)


def reads_outbox(caller: ResolvedModule, callee: ResolvedModule) -> bool:
    """Whether *caller* keeps the record, and *callee* has events for it."""
    return caller.spec.events.records and callee.spec.needs.postgresql


def calls_strangers(module: ResolvedModule) -> bool:
    """Whether *module* may call modules that it does not name, so unknown ones too."""
    return module.spec.public or module.spec.events.records


def _ingress(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> list[Manifest]:
    ports = _ports(module)
    if not ports:
        return []
    policies = system.spec.security.network_policies
    callers = [each.name for each in resolution.known if may_call(each, module)]
    # What a module without a readable description may call is not known: it keeps what it has.
    named = [*callers, *resolution.strangers]
    sources = [_pods_of(system, named)] if named else []
    monitoring = as_stored(policies.monitoring_from) or [EVERY_POD]
    rules = [{"from": sources + monitoring, "ports": ports}]
    public = _public_ports(module)
    if module.spec.public and public:
        # Without peers the rule has no `from`: from everywhere, beyond the cluster too.
        peers = present(**{"from": _users(system, module, resolution)})
        rules.append({**peers, "ports": public})
    return rules


def _users(system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution) -> list[Manifest]:
    """Where users' requests come from: the edge alone, where there is one."""
    if exposure.is_behind_edge(system, module, resolution):
        return [{"podSelector": {"matchLabels": edge_selector(system.name)}}]
    peers: list[Manifest] = as_stored(system.spec.security.network_policies.ingress_from)
    return peers


def _egress(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> list[Manifest]:
    callees = sorted(
        (each for each in resolution.known if may_call(module, each)), key=lambda each: each.name
    )
    to_modules = [
        {"to": [_pods_of(system, [callee.name])], "ports": ports}
        for callee in callees
        if (ports := _ports(callee))
    ]
    strangers = [
        each for each in resolution.strangers if calls_strangers(module) or _names(module, each)
    ]
    to_strangers = [{"to": [_pods_of(system, strangers)]}] if strangers else []
    peers = as_stored(system.spec.security.network_policies.egress_to)
    return [DNS, *to_modules, *to_strangers, *([{"to": peers}] if peers else [])]


def _names(caller: ResolvedModule, callee: str) -> bool:
    return any(call.module == callee for call in caller.spec.calls)


def _ports(module: ResolvedModule) -> list[Manifest]:
    return _tcp({each.port for each in module.spec.components if each.port is not None})


def _public_ports(module: ResolvedModule) -> list[Manifest]:
    """Where users' traffic enters: the port of the component that the Service leads to."""
    served = (each for each in module.spec.components if each.name == names.MAIN)
    return _tcp({each.port for each in served if each.port is not None})


def _tcp(ports: set[int]) -> list[Manifest]:
    return [{"port": port, "protocol": "TCP"} for port in sorted(ports)]


def _pods_of(system: ArkaliaSystem, modules: Sequence[str]) -> Manifest:
    wanted = {"key": labels.MODULE, "operator": "In", "values": sorted(modules)}
    return {
        "podSelector": {
            "matchLabels": {labels.SYSTEM: system.name},
            "matchExpressions": [wanted],
        }
    }
