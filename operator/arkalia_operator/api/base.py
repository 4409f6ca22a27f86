"""The base of every model, and the small vocabulary of types they share."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

DNS_LABEL: Final = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label: what Kubernetes asks of a Service name."""


def rule(expression: str, message: str) -> dict[str, str]:
    """One CEL rule of a schema (`x-kubernetes-validations`): *message* says what to write."""
    return {"rule": expression, "message": message}


def rule_on_keys(expression: str, message: str) -> dict[str, str]:
    """A CEL rule that *expression* holds for each `key` of a map; it names one that fails."""
    named = f"self.filter(key, !({expression}))[0] + {': ' + message!r}"
    return rule(f"self.all(key, {expression})", message) | {"messageExpression": named}


def rules(*each: dict[str, str]) -> dict[str, Any]:
    """The CEL rules of a model or field, as `json_schema_extra`."""
    return {"x-kubernetes-validations": list(each)}


GIVEN: Final[dict[frozenset[str], set[str]]] = {}
"""The sets of fields that were given: as many as there are habits of writing a resource."""
MOST_GIVEN: Final = 10_000


class ApiModel(BaseModel):
    """A part of a resource: camelCase outside, snake_case inside, frozen, nothing unknown."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    def model_post_init(self, context: Any, /) -> None:  # noqa: ARG002 - pydantic's signature
        """Share the set of the fields that were given with all that were given the same.

        Each set takes 200 to 700 bytes, and a thousand systems with their statuses have 60,000.
        """
        if len(GIVEN) < MOST_GIVEN:
            given = self.model_fields_set
            shared = GIVEN.setdefault(frozenset(given), given)
            object.__setattr__(self, "__pydantic_fields_set__", shared)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself, as of a tuple: nobody writes into its lists and dicts either (tests/golden sees to it).

        Pydantic copies a default wherever a resource leaves the field out, which is nearly everywhere.
        """
        return self


class StatusModel(ApiModel):
    """A part of a status: the operator after an upgrade may have written more, which is left out.

    If it were refused, going back to an older operator would lose what was approved and let in.
    """

    model_config = ApiModel.model_config | {"extra": "ignore"}


def _as_text(quantity: Any) -> Any:
    """*quantity* as text, where YAML read it as a whole number."""
    return str(quantity) if type(quantity) is int else quantity


Quantity = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(
        max_length=32,
        json_schema_extra={"x-kubernetes-int-or-string": True}
        | rules(
            rule(
                "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
                "must be a Kubernetes quantity: write for example 250m (a quarter of a core), "
                "2 (cores), 512Mi or 10Gi",
            )
        ),
    ),
]
"""A Kubernetes quantity that is not negative: `250m`, `2`, `512Mi`."""

Labels = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(
        max_length=32,
        json_schema_extra=rules(
            rule_on_keys(
                "key.matches('^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
                "a label's key has letters, digits, hyphens, underscores and dots, after an "
                "optional prefix with a slash: write for example example.com/pool",
            ),
            rule_on_keys(
                "self[key].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$')",
                "a label's value has letters, digits, hyphens, underscores and dots, and begins "
                "and ends with a letter or digit: write for example gpu",
            ),
        ),
    ),
]
"""Labels, by key."""

ModuleName = Annotated[str, Field(max_length=30)]
"""Name of a module; it becomes part of object names, so 30 characters bound those to 63."""

Path = Annotated[
    str,
    Field(
        max_length=512,
        json_schema_extra=rules(
            rule("self.startsWith('/')", "must begin with a slash: write / before it")
        ),
    ),
]
"""Path of a request."""

Argument = Annotated[str, Field(max_length=1024)]
"""One word of a command."""
