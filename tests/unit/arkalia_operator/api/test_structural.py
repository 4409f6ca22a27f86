"""Each thing that pydantic says and Kubernetes says otherwise, and each that it cannot say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from arkalia_operator.api.base import ApiModel, rule, rules
from arkalia_operator.api.structural import InexpressibleError, structural_schema

ONE = rule("self.a > 0", "a must be positive: write 1")
TWO = rule("self.a < 9", "a must be below 9: write 8")


class Inner(ApiModel):
    """What stands inside."""

    a: int = 1
    """The first."""

    b: str | None = None
    """The second."""

    c: list[str] = Field(default_factory=list)
    """The third."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(ONE)}


class Outer(ApiModel):
    """What stands outside."""

    inner: Inner
    """A field of another
    model."""

    maybe: Inner | None = None
    """A field that may be left out."""


class Tree(BaseModel):
    branch: Tree | None = None


def field_schema(annotation, field=...):
    """The structural schema of one field `value`."""
    model = create_model("Model", value=(annotation, field))
    return structural_schema(model)["properties"]["value"]


def refusal(annotation, field=...):
    """The text with which one field `value` is refused."""
    with pytest.raises(InexpressibleError) as refused:
        field_schema(annotation, field)
    return str(refused.value)


def keys_in(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from keys_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_in(value)


def test_schema_holds_no_reference_definition_or_title():
    schema = structural_schema(Outer)

    assert not {"$ref", "$defs", "title"} & set(keys_in(schema))


def test_schema_drops_the_ban_on_additional_properties():
    schema = structural_schema(Inner)

    assert "additionalProperties" not in schema


def test_inlined_model_keeps_the_words_of_the_field():
    schema = structural_schema(Outer)["properties"]["inner"]

    assert schema["description"] == "A field of another model."
    assert schema["properties"]["a"]["description"] == "The first."


def test_optional_model_is_inlined_like_a_required_one():
    properties = structural_schema(Outer)["properties"]

    assert properties["maybe"]["properties"] == properties["inner"]["properties"]


def test_optional_field_is_its_type_without_null_and_default():
    assert field_schema(int | None, None) == {"type": "integer"}


def test_optional_field_keeps_the_bounds_of_its_type():
    schema = field_schema(Annotated[int, Field(ge=1, le=9)] | None, None)

    assert schema == {"type": "integer", "minimum": 1, "maximum": 9}


def test_field_that_has_no_default_is_required():
    model = create_model("Model", a=(int, ...), b=(int, 1))

    assert structural_schema(model)["required"] == ["a"]


def test_single_literal_becomes_an_enum():
    assert field_schema(Literal["only"]) == {"type": "string", "enum": ["only"]}


def test_exclusive_minimum_becomes_a_boolean_beside_the_minimum():
    schema = field_schema(Annotated[int, Field(gt=0)])

    assert schema == {"type": "integer", "minimum": 0, "exclusiveMinimum": True}


def test_exclusive_maximum_becomes_a_boolean_beside_the_maximum():
    schema = field_schema(Annotated[float, Field(lt=1)])

    assert schema == {"type": "number", "maximum": 1, "exclusiveMaximum": True}


def test_bounds_of_a_map_count_its_entries():
    schema = field_schema(Annotated[dict[str, str], Field(min_length=1, max_length=8)])

    assert (schema["minProperties"], schema["maxProperties"]) == (1, 8)


def test_length_on_a_map_or_list_is_renamed_when_it_comes_as_a_string_bound():
    bounds = {"minLength": 1, "maxLength": 8}

    a_map = field_schema(dict[str, str], Field(json_schema_extra=bounds))
    a_list = field_schema(list[str], Field(json_schema_extra=bounds))

    assert (a_map["minProperties"], a_map["maxProperties"]) == (1, 8)
    assert (a_list["minItems"], a_list["maxItems"]) == (1, 8)


def test_text_bounds_stay_lengths():
    schema = field_schema(Annotated[str, Field(min_length=1, max_length=8)])

    assert schema == {"type": "string", "minLength": 1, "maxLength": 8}


def test_integer_or_string_becomes_the_extension():
    assert field_schema(int | str) == {"x-kubernetes-int-or-string": True}


def test_field_marked_as_integer_or_string_loses_its_type():
    schema = field_schema(str, Field(json_schema_extra={"x-kubernetes-int-or-string": True}))

    assert schema == {"x-kubernetes-int-or-string": True}


def test_time_keeps_its_format():
    assert field_schema(datetime) == {"type": "string", "format": "date-time"}


def test_preserved_object_needs_no_fields():
    schema = field_schema(
        dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})
    )

    assert schema == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_extensions_pass_through():
    extension = {"x-kubernetes-list-type": "set"}

    schema = field_schema(list[str], Field(json_schema_extra=extension))

    assert schema["x-kubernetes-list-type"] == "set"


def test_rules_of_model_and_field_are_joined():
    schema = field_schema(Inner, Field(json_schema_extra=rules(TWO)))

    assert schema["x-kubernetes-validations"] == [ONE, TWO]


def test_description_is_unwrapped_by_paragraph():
    model = create_model("Model", value=(int, Field(description="One\nline.\n\nAnother\none.")))

    schema = structural_schema(model)

    assert schema["properties"]["value"]["description"] == "One line.\n\nAnother one."


def test_default_of_a_model_is_empty_when_its_fields_say_the_same():
    assert field_schema(Inner, Inner())["default"] == {}


def test_default_of_a_model_holds_only_what_differs():
    assert field_schema(Inner, Inner(b="x"))["default"] == {"b": "x"}


def test_default_of_a_model_says_nothing_of_what_is_left_out():
    holder = create_model("Holder", inner=(Inner | None, None), other=(int, 1))

    assert field_schema(holder, holder(other=2))["default"] == {"other": 2}


def test_default_of_a_model_keeps_required_fields():
    holder = create_model("Holder", inner=(Inner, Inner()), needed=(int, ...))

    assert field_schema(holder, holder(needed=1))["default"] == {"needed": 1}


def test_default_list_of_a_model_holds_an_empty_list_only_when_it_is_no_default():
    filled = create_model("Filled", c=(list[str], ["x"]))

    assert field_schema(filled, filled(c=[]))["default"] == {"c": []}
    assert field_schema(Inner, Inner(c=[]))["default"] == {}


@pytest.mark.parametrize(
    ("annotation", "field", "what"),
    [
        (set[str], ..., "uniqueItems"),
        (tuple[int, str], ..., "prefixItems"),
        (int | bool, ..., "a union of types"),
        (Annotated[str, Field(pattern="^a$")], ..., "pattern"),
        (timedelta, ..., "format duration"),
        (Any, ..., "a value of any type"),
        (dict[str, Any], ..., "an object of anything"),
        (dict[Annotated[str, Field(max_length=3)], int], ..., "a bound on the keys of a map"),
        (int, Field(examples=[1]), "examples"),
        (str, Field(json_schema_extra={"oneOf": []}), "oneOf"),
        (str, Field(json_schema_extra={"patternProperties": {}}), "patternProperties"),
        (str, Field(json_schema_extra={"deprecated": True}), "deprecated"),
    ],
)
def test_inexpressible_field_is_refused_with_its_path(annotation, field, what):
    assert refusal(annotation, field).startswith(f"Model.value: {what} has no structural form: ")


def test_discriminated_union_is_refused():
    class Cat(BaseModel):
        kind: Literal["cat"]

    class Dog(BaseModel):
        kind: Literal["dog"]

    assert "exactly one" in refusal(Annotated[Cat | Dog, Field(discriminator="kind")])


def test_model_inside_itself_is_refused_with_its_path():
    with pytest.raises(InexpressibleError, match=r"^Tree\.branch: Tree inside Tree"):
        structural_schema(Tree)


def test_refusal_names_the_way_through_lists_and_maps():
    refused = refusal(dict[str, list[set[int]]])

    assert refused.startswith("Model.value.<key>[]: uniqueItems")


def test_bound_on_keys_is_accepted_when_a_rule_checks_it():
    keys = Annotated[str, Field(max_length=3)]

    schema = field_schema(dict[keys, int], Field(json_schema_extra=rules(ONE)))

    assert "propertyNames" not in schema


def test_structural_schema_put_into_a_model_stays_as_it_is():
    bounded = create_model("Bounded", value=(Annotated[int, Field(gt=0, lt=9)], ...))
    peers = {"items": structural_schema(bounded)}

    schema = field_schema(list[dict[str, Any]], Field(json_schema_extra=peers))

    assert schema["items"] == peers["items"]


def test_alias_is_the_name_of_the_field():
    class Model(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        except_: int = Field(alias="except")

    assert list(structural_schema(Model)["properties"]) == ["except"]
