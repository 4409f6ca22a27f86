"""What a pod template is made from, by the path under which people know it.

A template that differs although none of its inputs does, was rendered by another operator: that is
how an upgrade of the operator is told from a change that somebody asked for (`planning.rollouts`).
Only what is not its default counts, so a field that a later operator adds changes no input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import orjson
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import exposure, identity, kinds, llm, model_server, names
from arkalia_operator.desired.data.access import BLOCKS, DataAccess, DataService
from arkalia_operator.desired.manifest import Which
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

DIGEST_LENGTH: Final = 8
NO_BLOCKS: Final = frozenset(
    {
        "version",
        "images",
        "modules",
        "data",
        "security",
        "deletion_policy",
        "changes",
        "exposure",
        "llm",
        "prompts",
    }
)
"""Fields of the spec that no pod template reads as they are; some of them by name, below."""
NO_FIELDS: Final = frozenset({
    "monitoring.service_monitors", "monitoring.alert_rules", "monitoring.dashboards",
    "monitoring.labels", "auth.session_minutes", "auth.mfa",
})  # fmt: skip
"""Fields of the other blocks that no pod template reads as they are; some of them by name, below."""
OF_MODULES: Final = frozenset({"spec.environment", "spec.logLevel"})
"""What the pods of modules are told, and those of data services are not."""
NO_SETTINGS: Final = frozenset({"enabled", "replicas", "scaling"})
"""Fields of a module's settings that change the number of its pods, and not what they are."""
NO_DESCRIPTION: Final = frozenset({"routes", "migrations", "signals", "control", "scaling",
                                   "events", "monitoring"})  # fmt: skip
"""Parts of a module's description that its own pods are not made from."""
OF_IMAGES: Final = ("registry", "pull_policy", "pull_secrets")
NO_DATA: Final = frozenset({"mode", "instances", "storage", "secret"})
"""Fields of a data service that the pods of a builtin one are not made from."""
OF_DATA: Final = {
    DataService.POSTGRESQL: "postgresql",
    DataService.QUEUE: "redis",
    DataService.CACHE: "redis",
}
"""By which `spec.images.digests` names the image of each data service."""
OF_MODEL_SERVER: Final = ("models", "image", "resources", "placement")
"""Fields of `spec.llm` that the pod of the builtin model server is made from."""
VERSION: Final = "spec.version"

Inputs = Mapping[str, str]
"""Digests of inputs, by path."""


def inputs(
    system: ArkaliaSystem, resolution: Resolution, access: DataAccess
) -> dict[Which, Inputs]:
    """The inputs of every pod template that is rolled out, by the object that holds it."""
    shared = dict(_of_system(system))
    found: dict[Which, Inputs] = {}
    for module in resolution.modules:
        own = shared | dict(_of_module(system, module, resolution))
        for component in module.spec.components:
            name = names.component(system.name, module.name, component.name)
            found[(kinds.DEPLOYMENT.name, name)] = own
    common = {path: each for path, each in shared.items() if path not in OF_MODULES}
    for service in access.services:
        name = names.data_service(system.name, service)
        own = common | dict(_of_data(system, service))
        found[(kinds.STATEFUL_SET.name, name)] = own
    if system.spec.exposure.edge.enabled:
        own = common | dict(_of_edge(system, resolution))
        found[(kinds.DEPLOYMENT.name, names.edge(system.name))] = own
    if model_server.is_wanted(system):
        name = names.model_server(system.name)
        found[(kinds.STATEFUL_SET.name, name)] = common | dict(_of_model_server(system))
    return found


def digest(value: Any) -> str:
    """A short word for *value*, another one for another value."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(text, digest_size=DIGEST_LENGTH // 2).hexdigest()


def _of_system(system: ArkaliaSystem) -> Iterator[tuple[str, str]]:
    """What every pod template is made from."""
    for name in type(system.spec).model_fields:
        if name not in NO_BLOCKS:
            yield from _of_block(system.spec, name)
    for name in OF_IMAGES:
        yield from _told("spec.images", system.spec.images, name)


def _of_block(spec: BaseModel, name: str) -> Iterator[tuple[str, str]]:
    """The field *name* of the spec: field by field, where it is a block."""
    block = getattr(spec, name)
    if not isinstance(block, BaseModel):
        yield from _told("spec", spec, name)
        return
    for inner in type(block).model_fields:
        if f"{name}.{inner}" not in NO_FIELDS:
            yield from _told(f"spec.{to_camel(name)}", block, inner)


def _told(path: str, block: BaseModel, name: str) -> Iterator[tuple[str, str]]:
    """The field *name* of the *block* at *path*, if it is not its default."""
    value = _plain(getattr(block, name))
    if value != _default(type(block), name):
        yield f"{path}.{to_camel(name)}", digest(value)


@cache
def _default(block: type[BaseModel], name: str) -> Any:
    """The default of a field as JSON has it; to make one costs more than all the rest."""
    return _plain(block.model_fields[name].get_default(call_default_factory=True))


def _of_module(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> Iterator[tuple[str, str]]:
    for name in type(module.settings).model_fields:
        if name not in NO_SETTINGS:
            yield from _told(f"spec.modules.{module.name}", module.settings, name)
    yield from _image_digest(system, module.name)
    for name in identity.shown_unnamed(module, resolution):
        yield f"spec.modules.{name}", digest(name)
    if module.spec.needs.llm:
        yield from _of_models(system)
    yield from _of_people(system, module, resolution)
    if module.foreign:
        described = module.spec.model_dump(
            mode="json", exclude_defaults=True, exclude=set(NO_DESCRIPTION)
        )
        yield f"ArkaliaModule {module.name}", digest(described)
    yield from _version(system)


def _of_people(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> Iterator[tuple[str, str]]:
    """What the pods that people come to are made from."""
    if exposure.is_behind_edge(system, module, resolution):
        yield from _told("spec.exposure.edge", system.spec.exposure.edge, "enabled")
    if module.spec.needs.first_credential:
        for name in ("session_minutes", "mfa"):
            yield from _told("spec.auth", system.spec.auth, name)


def _of_models(system: ArkaliaSystem) -> Iterator[tuple[str, str]]:
    """What the pods of a module with a language model are made from: not where the models are."""
    named = [(server, secret.name, secret.key) for server, secret in llm.keys(system)]
    if named:
        yield "spec.llm.apiKeySecret", digest(named)
    yield from _of_block(system.spec, "prompts")


def _of_data(system: ArkaliaSystem, service: DataService) -> Iterator[tuple[str, str]]:
    path = BLOCKS[service]
    block: Any = system.spec.data
    for part in path.split(".")[2:]:
        block = getattr(block, part)
    for name in type(block).model_fields:
        if name not in NO_DATA:
            yield from _told(path, block, name)
    yield from _image_digest(system, OF_DATA[service])
    yield from _version(system)


def _of_edge(system: ArkaliaSystem, resolution: Resolution) -> Iterator[tuple[str, str]]:
    """Nearly all that the spec says of the edge is in its settings, which it reads as it runs."""
    for name in ("resources", "tls"):
        yield from _told("spec.exposure.edge", system.spec.exposure.edge, name)
    module = exposure.exposed(system, resolution)
    if isinstance(module, ResolvedModule):
        grace = exposure.main(module).termination_grace_period_seconds
        yield "spec.exposure.module", digest(grace)
    yield from _image_digest(system, "edge")
    yield from _version(system)


def _of_model_server(system: ArkaliaSystem) -> Iterator[tuple[str, str]]:
    for name in OF_MODEL_SERVER:
        yield from _told("spec.llm", system.spec.llm, name)
    for image in (model_server.IMAGE, model_server.KEEPER_IMAGE):
        yield from _image_digest(system, image)
    yield from _version(system)


def _version(system: ArkaliaSystem) -> Iterator[tuple[str, str]]:
    """The version that a user wants; one that nobody chose comes with the operator."""
    if system.spec.version is not None:
        yield VERSION, digest(system.spec.version)


def _image_digest(system: ArkaliaSystem, image: str) -> Iterator[tuple[str, str]]:
    found = system.spec.images.digests.get(image)
    if found:
        yield f"spec.images.digests.{image}", digest(found)


def _plain(value: Any) -> Any:
    """*value* as JSON has it."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return value
