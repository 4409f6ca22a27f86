"""An ArkaliaSystem as its status tells it, without the operator's models.

Everything may be missing: the system can be a moment old, or of a newer version than this program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

GATEWAY: Final = "helloria"
"""The module through which people come in."""
NOT_LOOKED_AT: Final = "NotLookedAt"
"""Reason of the one condition that the API server fills in."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact about a system."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Module:
    """One module of a system."""

    name: str
    ready: bool
    ready_replicas: int
    replicas: int
    reason: str
    message: str
    image: str


@dataclass(frozen=True, slots=True)
class System:
    """A system and what the operator says of it."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    generation: int
    observed_generation: int
    """0 while the operator has not looked at it."""
    version: str
    modules_ready: str
    """Modules that serve, of all, as `kubectl get` shows it: `9/10`."""
    conditions: tuple[Condition, ...]
    modules: tuple[Module, ...]

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """The system that the API server gave as *body*."""
        status = _written(body)
        return cls(
            namespace=body["metadata"]["namespace"],
            name=body["metadata"]["name"],
            labels=body["metadata"].get("labels") or {},
            generation=body["metadata"].get("generation", 0),
            observed_generation=status.get("observedGeneration", 0),
            version=status.get("version", ""),
            modules_ready=status.get("modulesReady", ""),
            conditions=tuple(map(_condition, status.get("conditions", ()))),
            modules=tuple(map(_module, status.get("modules", ()))),
        )

    @property
    def current(self) -> bool:
        """Whether status is about the present spec."""
        return 0 < self.generation == self.observed_generation

    @property
    def ready(self) -> bool:
        """Whether everything that the present spec asks for runs."""
        return self.current and self.condition("Ready").status == "True"

    def condition(self, kind: str) -> Condition:
        """The condition *kind*; unknown where the operator has not spoken of it."""
        unknown = Condition(kind, "Unknown", "", "")
        return next((each for each in self.conditions if each.type == kind), unknown)


def _written(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status that an operator has written; what the API server fills in is nobody's word."""
    status: Mapping[str, Any] = body.get("status") or {}
    reasons = [each.get("reason") for each in status.get("conditions") or ()]
    return {} if reasons == [NOT_LOOKED_AT] else status


def _condition(each: Mapping[str, Any]) -> Condition:
    return Condition(*(str(each.get(key, "")) for key in ("type", "status", "reason", "message")))


def _module(each: Mapping[str, Any]) -> Module:
    return Module(
        name=each.get("name", ""),
        ready=each.get("ready", False),
        ready_replicas=each.get("readyReplicas", 0),
        replicas=each.get("replicas", 0),
        reason=each.get("reason", ""),
        message=each.get("message", ""),
        image=each.get("image", ""),
    )
