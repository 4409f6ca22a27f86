"""Whole resources as the operator sees them: identity, spec, and the status written last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from arkalia_operator.api.arkaliaaction import ArkaliaActionSpec, ArkaliaActionStatus
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.unknown import unknown_fields

SYSTEM_KIND: Final = "ArkaliaSystem"
SYSTEM_PLURAL: Final = "arkaliasystems"
MODULE_KIND: Final = "ArkaliaModule"
MODULE_PLURAL: Final = "arkaliamodules"
ACTION_KIND: Final = "ArkaliaAction"
ACTION_PLURAL: Final = "arkaliaactions"


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
            status=ArkaliaSystemStatus.model_validate(written_status(body)),
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


@dataclass(frozen=True, slots=True)
class ArkaliaAction:
    """An ArkaliaAction of the cluster."""

    name: str
    namespace: str
    uid: str
    spec: ArkaliaActionSpec
    status: ArkaliaActionStatus
    created: str = ""
    """When it was created, as the API server writes it (RFC 3339, in UTC)."""

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> ArkaliaAction:
        """Read the API server's JSON. Raises pydantic's ValidationError."""
        metadata = body["metadata"]
        return cls(
            name=metadata["name"],
            namespace=metadata["namespace"],
            uid=metadata["uid"],
            spec=ArkaliaActionSpec.model_validate(body["spec"]),
            status=ArkaliaActionStatus.model_validate(body.get("status") or {}),
            created=metadata.get("creationTimestamp", ""),
        )


def written_status(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status that an operator has written; what the API server fills in says nothing."""
    status: Mapping[str, Any] = body.get("status") or {}
    reasons = [each.get("reason") for each in status.get("conditions") or ()]
    return {} if reasons == [Reason.NOT_LOOKED_AT] else status
