"""The base of every model, and the small vocabulary of types they share."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

DNS_LABEL: Final = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label: what Kubernetes asks of a Service name."""


def rule(expression: str, message: str) -> dict[str, str]:
    """One CEL rule of a schema (`x-kubernetes-validations`): *message* says what to write."""
    return {"rule": expression, "message": message}


def rules(*each: dict[str, str]) -> dict[str, Any]:
    """The CEL rules of a model or field, as `json_schema_extra`."""
    return {"x-kubernetes-validations": list(each)}


class ApiModel(BaseModel):
    """A part of a resource: camelCase outside, snake_case inside, frozen, nothing unknown."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


Quantity = Annotated[
    str,
    Field(
        max_length=32,
        json_schema_extra=rules(
            rule(
                "isQuantity(self)",
                "must be a Kubernetes quantity: write for example 250m (a quarter of a core), "
                "2 (cores), 512Mi or 10Gi",
            )
        ),
    ),
]
"""A Kubernetes quantity: `250m`, `2`, `512Mi`."""

ModuleName = Annotated[str, Field(max_length=30)]
"""Name of a module; it becomes part of object names, so 30 characters bound those to 63."""
