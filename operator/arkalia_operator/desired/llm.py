"""`spec.llm` and `spec.prompts`: what the modules that need a language model are told of it.

Which servers there are stands in a file that is read again when it changes: other servers, models and
aliases restart no pod. API keys are files of their own, so that no ConfigMap holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from arkalia_contract import environment, files
from arkalia_contract.llm import MAIN, OLLAMA, LlmAccess
from arkalia_operator.api.llm import ApiKeySecret, Server
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import model_server
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.outside import USUAL_PORTS
from arkalia_operator.desired.resolved import ResolvedModule

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that every namespace has: its name."""


def servers(system: ArkaliaSystem) -> Iterator[Server]:
    """All model servers in the order in which they are asked: the builtin one before the others."""
    if model_server.is_wanted(system):
        yield Server.model_construct(
            name=MAIN,
            provider=OLLAMA,
            url=model_server.url(system),
            models=system.spec.llm.models,
            api_key_secret=None,
        )
    yield from system.spec.llm.outside()


def data(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    """What the ConfigMap of *module* says of it."""
    if not module.spec.needs.llm:
        return {}
    found = system.spec.llm
    access: LlmAccess = {
        "backends": [
            {
                "name": each.name,
                "provider": each.provider,
                "url": each.url,
                "models": list(each.models),
            }
            for each in servers(system)
        ],
        "aliases": {name: list(models) for name, models in found.aliases.items()},
    }
    return {files.LLM_KEY: json.dumps(access, indent=1)}


def paths(module: ResolvedModule) -> dict[str, str]:
    """Where the pods of *module* find it, by key of their ConfigMap."""
    return {files.LLM_KEY: files.LLM} if module.spec.needs.llm else {}


def sources(system: ArkaliaSystem, module: ResolvedModule) -> list[Manifest]:
    """The API keys, as sources of a projected volume.

    Optional: without one the module still serves, and the status tells what is missing.
    """
    folder = files.LLM_KEYS_FOLDER.removeprefix(f"{files.SETTINGS_FOLDER}/")
    return [
        {
            "secret": {
                "name": secret.name,
                "items": [{"key": secret.key, "path": f"{folder}/{server}"}],
                "optional": True,
            }
        }
        for server, secret in keys(system)
        if module.spec.needs.llm
    ]


def keys(system: ArkaliaSystem) -> Iterator[tuple[str, ApiKeySecret]]:
    """The Secret with the API key of each server that asks for one, by the server's name."""
    for each in servers(system):
        if each.api_key_secret is not None:
            yield each.name, each.api_key_secret


def variables(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    """What a container of *module* is told."""
    if not module.spec.needs.llm:
        return {}
    asked = system.spec.prompts
    days = None if asked.retention_days is None else str(asked.retention_days)
    wanted = {environment.PROMPTS_POLICY: asked.policy, environment.PROMPTS_RETENTION_DAYS: days}
    return {name: value for name, value in wanted.items() if value is not None}


def egress(system: ArkaliaSystem, module: ResolvedModule) -> list[Manifest]:
    """The way to the servers, for a module that needs them.

    Of a Service only the namespace is known here: its pods may listen on another port. Any other
    name can stand for every address.
    """
    if not module.spec.needs.llm:
        return []
    urls = [urlsplit(each.url) for each in system.spec.llm.outside()]
    namespaces = {_namespace(each.hostname or "", system) for each in urls} - {""}
    ports = {
        each.port or USUAL_PORTS[each.scheme]
        for each in urls
        if not _namespace(each.hostname or "", system)
    }
    inside = [
        {"to": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: name}}}]}
        for name in sorted(namespaces)
    ]
    outside = [{"ports": [{"port": each, "protocol": "TCP"} for each in sorted(ports)]}]
    builtin = [model_server.way_in(system)] if model_server.is_wanted(system) else []
    return [*builtin, *inside, *(outside if ports else [])]


def _namespace(host: str, system: ArkaliaSystem) -> str:
    """The namespace of the Service *host*; empty if it is none."""
    name = host.removesuffix(".").removesuffix(".cluster.local")
    parts = name.split(".")
    if len(parts) == 1 and not name.replace(":", "").isdigit() and ":" not in name:
        return system.namespace
    if parts[-1] == "svc" and len(parts) >= 3:  # noqa: PLR2004 - service, namespace, svc
        return parts[-2]
    return ""
