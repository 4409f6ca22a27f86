"""Secrets that are made once, by chance, and kept with the data: no service could agree on others.

A module's own key protects what it stores; with the first credential somebody gets in at all. Both
outlive the system like the data that they belong to (`deletionPolicy: Retain`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from arkalia_contract import files, identity
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.resolved import Resolution, ResolvedModule


@dataclass(frozen=True, slots=True)
class WantedKept:
    """A Secret that must exist."""

    name: str
    module: str
    """The module that it is for."""
    paths: Mapping[str, str]
    """Where each of its keys lies in a pod."""
    given: Mapping[str, str] = field(default_factory=dict)
    """The content of keys that are no secret; all others are drawn."""


def kept(system: ArkaliaSystem, resolution: Resolution) -> tuple[WantedKept, ...]:
    """The Secrets of this kind that *system* needs. A held module goes on using its own."""
    modules = sorted(resolution.known, key=lambda each: each.name)
    found = {each.name: each for module in modules for each in kept_by(system, module)}
    return tuple(found.values())


def kept_by(system: ArkaliaSystem, module: ResolvedModule) -> Iterator[WantedKept]:
    """Those that the pods of *module* hold."""
    if module.spec.needs.key:
        paths = {files.KEY_KEY: files.KEY}
        yield WantedKept(names.key(system.name, module.name), module.name, paths)
    if module.spec.needs.first_credential and not module.foreign:
        keys = (files.ADMIN_USERNAME_KEY, files.ADMIN_PASSWORD_KEY)
        paths = {key: f"{files.ADMIN_FOLDER}/{key}" for key in keys}
        given = {files.ADMIN_USERNAME_KEY: identity.ADMINISTRATOR}
        yield WantedKept(names.admin(system.name), module.name, paths, given)
