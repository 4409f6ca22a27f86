"""The operator's own resources as they are now: systems to reconcile, modules of somebody else."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.resources import (
    ArkaliaAction,
    ArkaliaModule,
    ArkaliaSystem,
    written_status,
)
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.cache import EVERYTHING, Body, Cache
from arkalia_operator.runtime.selector import Selector


@dataclass(frozen=True, slots=True)
class Refused:
    """A stored system that does not fit the schema of this operator."""

    body: Mapping[str, Any]
    error: ValidationError
    status: ArkaliaSystemStatus

    @property
    def uid(self) -> str:
        """Uid of the resource."""
        return str(self.body["metadata"]["uid"])

    @property
    def deleting(self) -> bool:
        """Whether it is about to go."""
        return "deletionTimestamp" in self.body["metadata"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A stored module or action that does not fit the schema of this operator."""

    message: str


class Resources:
    """ArkaliaModules, ArkaliaActions, and those ArkaliaSystems that *selector* selects."""

    def __init__(self, selector: Selector = EVERYTHING) -> None:
        self.systems: Cache[ArkaliaSystem | Refused] = Cache(read_system, selector)
        self.modules: Cache[ArkaliaModule | Broken] = Cache(read_module)
        self.actions: Cache[ArkaliaAction | Broken] = Cache(read_action)

    def system_keys(self) -> Iterator[SystemKey]:
        """Every system."""
        return (SystemKey(*at) for at in self.systems.places())

    def listing(self, namespace: str, module: str) -> Iterable[SystemKey]:
        """The systems of *namespace* that name *module* in their spec."""
        return (
            SystemKey(*at)
            for at in self.systems.places(namespace)
            if module in _named(self.systems.get(at))
        )

    def available(self, namespace: str) -> tuple[Mapping[str, ArkaliaModule], Mapping[str, str]]:
        """Modules of *namespace* by name: those that can be used, and why others cannot."""
        found = {at[1]: self.modules.get(at) for at in self.modules.places(namespace)}
        usable = {name: each for name, each in found.items() if isinstance(each, ArkaliaModule)}
        broken = {name: each.message for name, each in found.items() if isinstance(each, Broken)}
        return usable, broken

    def actions_on(self, namespace: str, system: str) -> list[ArkaliaAction]:
        """The actions that are about *system*."""
        found = (self.actions.get(at) for at in self.actions.places(namespace))
        return [
            each for each in found if isinstance(each, ArkaliaAction) and each.spec.system == system
        ]


def _named(system: ArkaliaSystem | Refused | None) -> Container[str]:
    """Modules that the spec of *system* names."""
    if isinstance(system, ArkaliaSystem):
        return system.spec.modules
    return (system.body["spec"].get("modules") or ()) if system else ()


def read_action(body: Body) -> ArkaliaAction | Broken:
    """The action, or why it cannot be read."""
    try:
        return ArkaliaAction.from_body(body)
    except ValidationError as error:
        return Broken(mistakes_of(error))


def read_system(body: Body) -> ArkaliaSystem | Refused:
    """The system, or why it cannot be read.

    A status that cannot be read is no reason: an operator of another version wrote it.
    """
    status = _status(body)
    readable = body if status else {**body, "status": {}}
    try:
        return ArkaliaSystem.from_body(readable)
    except ValidationError as error:
        return Refused(readable, error, status or ArkaliaSystemStatus())


def _status(body: Body) -> ArkaliaSystemStatus | None:
    try:
        return ArkaliaSystemStatus.model_validate(written_status(body))
    except ValidationError:
        return None


def read_module(body: Body) -> ArkaliaModule | Broken:
    """The module, or why it cannot be read."""
    try:
        return ArkaliaModule.from_body(body)
    except ValidationError as error:
        return Broken(mistakes_of(error))
