"""Whole resources as the operator sees them: identity, spec, and the status written last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.unknown import unknown_fields

SYSTEM_KIND: Final = "ArkaliaSystem"
SYSTEM_PLURAL: Final = "arkaliasystems"
MODULE_KIND: Final = "ArkaliaModule"
MODULE_PLURAL: Final = "arkaliamodules"


@dataclass(frozen=True, slots=True)
class ArkaliaSystem:
    """An ArkaliaSystem of the cluster."""

    name: str
    namespace: str
    uid: str
    generation: int
    deleting: bool
    spec: ArkaliaSystemSpec
    status: ArkaliaSystemStatus
    unknown: tuple[str, ...] = ()
    """Fields that somebody wrote and the API server dropped."""

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> ArkaliaSystem:
        """Read the API server's JSON. Raises pydantic's ValidationError where it does not fit."""
        metadata = body["metadata"]
        return cls(
            name=metadata["name"],
            namespace=metadata["namespace"],
            uid=metadata["uid"],
            generation=metadata["generation"],
            deleting="deletionTimestamp" in metadata,
            spec=ArkaliaSystemSpec.model_validate(body.get("spec") or {}),
            status=ArkaliaSystemStatus.model_validate(body.get("status") or {}),
            unknown=unknown_fields(body, ArkaliaSystemSpec),
        )


@dataclass(frozen=True, slots=True)
class ArkaliaModule:
    """An ArkaliaModule: built in, or of the cluster."""

    name: str
    spec: ArkaliaModuleSpec
    unknown: tuple[str, ...] = ()
    """Fields that somebody wrote and the API server dropped."""

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> ArkaliaModule:
        """Read YAML or the API server's JSON. Raises pydantic's ValidationError."""
        return cls(
            name=body["metadata"]["name"],
            spec=ArkaliaModuleSpec.model_validate(body["spec"]),
            unknown=unknown_fields(body, ArkaliaModuleSpec),
        )
