"""Who may call a module, whom it may call, and what its pods hold to prove it.

What the NetworkPolicy says to packets, `callers.json` says to requests: the caller by its token,
and the path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from arkalia_contract import endpoints, files, identity
from arkalia_operator.api.components import Component
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import auth, llm, names, outside, routes
from arkalia_operator.desired.certificates import serves_https
from arkalia_operator.desired.data.needs import FILES as FILES_OF
from arkalia_operator.desired.data.needs import services_of
from arkalia_operator.desired.kept import kept_by
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import Resolution, ResolvedModule
from arkalia_operator.desired.security import calls_strangers, may_call, reads_outbox

FILES: Final = "arkalia"
TOKENS: Final = "tokens"
OF_PUBLIC: Final = {
    files.ROUTES_KEY: files.ROUTES,
    files.CORS_KEY: files.CORS,
    files.OPENID_KEY: files.OPENID,
}
"""What a public module gets beside what all get."""
READABLE: Final = 0o444
"""The image chooses its user, and a fixed group would be refused where the cluster chooses groups
(OpenShift): so every process of the pod can read the files, and nobody else has them."""


def data(system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution) -> dict[str, str]:
    """Who may call *module*, whom it may call, and what it publishes of them.

    A change of it rolls no pod.
    """
    told: dict[str, object] = {
        files.CALLERS_KEY: callers(module, resolution),
        files.CALLEES_KEY: callees(system, module, resolution),
    }
    if module.spec.public:
        told[files.ROUTES_KEY] = routes.published(system, module, resolution)
        told[files.CORS_KEY] = routes.origins(system)
        told[files.OPENID_KEY] = auth.openid(system)
    return {key: _json(each) for key, each in told.items()}


def callers(module: ResolvedModule, resolution: Resolution) -> dict[str, list[str]]:
    """The modules that may call *module*, with the patterns of the paths.

    A module without a readable description is not among them: what it may call is not known.
    """
    return {
        each.name: _patterns(each, module) for each in resolution.known if may_call(each, module)
    }


def callees(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> dict[str, str]:
    """The modules that *module* may call, with their base URLs."""
    return {
        callee.name: address
        for callee in resolution.known
        if may_call(module, callee) and (address := routes.address_of(system, callee))
    }


def volumes(
    system: ArkaliaSystem, module: ResolvedModule, component: Component, resolution: Resolution
) -> list[Manifest]:
    """The folder of everything that the operator gives to a pod, and the folder of its tokens."""
    folder = {
        "name": FILES,
        "projected": {"defaultMode": READABLE, "sources": _sources(system, module, component)},
    }
    tokens = [_token(system, each) for each in _shown_to(module, resolution)]
    return [folder, *([{"name": TOKENS, "projected": {"sources": tokens}}] if tokens else [])]


def mounts(module: ResolvedModule, resolution: Resolution) -> list[Manifest]:
    """Where a container finds them."""
    folder = {"name": FILES, "mountPath": files.SETTINGS_FOLDER, "readOnly": True}
    tokens = {"name": TOKENS, "mountPath": files.TOKENS_FOLDER, "readOnly": True}
    return [folder, *([tokens] if _shown_to(module, resolution) else [])]


def shown_unnamed(module: ResolvedModule, resolution: Resolution) -> list[str]:
    """The modules to which *module* shows a token although its description does not name them."""
    named = {call.module for call in module.spec.calls}
    return [each for each in _shown_to(module, resolution) if each not in named]


def _patterns(caller: ResolvedModule, callee: ResolvedModule) -> list[str]:
    named = (
        path for call in caller.spec.calls if call.module == callee.name for path in call.paths
    )
    published = (_pattern(route.path) for route in callee.spec.routes if caller.spec.public)
    recorded = [endpoints.EVENTS_OUTBOX] if reads_outbox(caller, callee) else []
    return sorted({*named, *published, *recorded})


def _pattern(path: str) -> str:
    """A path with parameters as a pattern: `/greetings/{name}` → `/greetings/*`."""
    fixed, parameter, _ = path.partition("{")
    return f"{fixed}{identity.PATTERN_END}" if parameter else path


def _shown_to(module: ResolvedModule, resolution: Resolution) -> list[str]:
    """The modules to which *module* shows a token.

    Those that it names stay in the list whether they are enabled or not: turning one on or off
    rolls no pod of its callers.
    """
    named = {call.module for call in module.spec.calls}
    found = {each.name for each in resolution.known if may_call(module, each)}
    unknown = set(resolution.running_strangers) if calls_strangers(module) else set()
    return sorted((named | found | unknown) - {module.name})


def _token(system: ArkaliaSystem, callee: str) -> Manifest:
    return {
        "serviceAccountToken": {
            "audience": identity.audience(system.namespace, system.name, callee),
            "expirationSeconds": identity.TOKEN_SECONDS,
            "path": callee,
        }
    }


def _sources(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> list[Manifest]:
    own = {
        files.SETTINGS_KEY: files.SETTINGS,
        files.CALLERS_KEY: files.CALLERS,
        files.CALLEES_KEY: files.CALLEES,
        **(OF_PUBLIC if module.spec.public else {}),
        **llm.paths(module),
    }
    shared = {
        files.AUTHORITY_KEY: files.AUTHORITY,
        files.ISSUER_KEY: files.ISSUER,
        files.KEYS_KEY: files.KEYS,
    }
    pair = {files.CERTIFICATE_KEY: files.CERTIFICATE, files.PRIVATE_KEY_KEY: files.PRIVATE_KEY}
    tls = {"secret": source(names.tls(system.name, module.name), pair)}
    kept = [{"secret": source(each.name, each.paths)} for each in kept_by(system, module)]
    held = {FILES_OF[each]: f"{files.DATA_FOLDER}/{FILES_OF[each]}" for each in services_of(module)}
    data = source(names.data(system.name, module.name), held)
    return [
        {"configMap": source(names.module(system.name, module.name), own)},
        {"configMap": source(names.trust(system.name), shared)},
        *([tls] if serves_https(component) else []),
        *([{"secret": data}] if held else []),
        *kept,
        *outside.sources(system),
        *llm.sources(system, module),
    ]


def source(name: str, paths: Mapping[str, str]) -> Manifest:
    """A source of a projected volume: *paths* in the pod by key of the object *name*."""
    return {"name": name, "items": list(_items(paths))}


def _items(paths: Mapping[str, str]) -> Iterator[Manifest]:
    for key, path in paths.items():
        yield {"key": key, "path": path.removeprefix(f"{files.SETTINGS_FOLDER}/")}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True)
