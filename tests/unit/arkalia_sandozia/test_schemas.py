"""JSON schema: the same verdict as a library's, for the keywords that are known."""

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.schemas import TOO_MUCH, faults

PERSON = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
        "age": {"type": "integer", "minimum": 0, "exclusiveMaximum": 150},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
        "mood": {"anyOf": [{"const": "good"}, {"type": "null"}]},
        "kind": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 10}]},
        "not": {"not": {"type": "string"}},
        "size": {"exclusiveMinimum": 1, "maximum": 3},
        "more": {"type": "object", "minProperties": 1, "maxProperties": 1},
        "both": {"allOf": [{"type": "string"}, {"maxLength": 2}]},
        "self": {"$ref": "#/properties/name"},
    },
}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"name": "Ada"}, ""),
        ([], "The answer must be object."),
        ({}, "The answer lacks `name`."),
        ({"name": ""}, "The answer.name must have at least this many characters: 1."),
        ({"name": "Adalbert"}, "The answer.name must have at most this many characters: 5."),
        ({"name": "Ada", "age": True}, "The answer.age must be integer."),
        ({"name": "Ada", "age": 3.0}, ""),
        ({"name": "Ada", "age": 150}, "The answer.age must be less than 150."),
        ({"name": "Ada", "tags": ["c"]}, "The answer.tags[0] is none of the values"),
        ({"name": "Ada", "mood": "bad"}, "The answer.mood fits none of the forms"),
        ({"name": "Ada", "mood": None}, ""),
        ({"name": "Ada", "kind": 12}, "The answer.kind must fit exactly one"),
        ({"name": "Ada", "kind": 3}, ""),
        ({"name": "Ada", "not": "x"}, "The answer.not has a form that is not allowed."),
        ({"name": "Ada", "both": "xyz"}, "The answer.both must have at most"),
        ({"name": "Ada", "self": ""}, "The answer.self must have at least"),
        ({"name": "Ada", "x": 1}, "The answer.x may not be there."),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(document, said):
    found, unknown = faults(document, PERSON)

    assert unknown == set()
    assert (found[0] if found else "")[: len(said) or 1] == said


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 200)
    | st.floats(0, 20)
    | st.text("abc", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=4,
)
DOCUMENTS = VALUES | st.fixed_dictionaries(
    {}, optional=dict.fromkeys([*PERSON["properties"], "stranger"], VALUES)
)
SAYS = fastjsonschema.compile(PERSON, use_default=False)


@given(DOCUMENTS)
def test_verdict_is_that_of_a_library(document):
    found, _ = faults(document, PERSON)

    try:
        SAYS(document)
    except fastjsonschema.JsonSchemaValueException:
        assert found != []
    else:
        assert found == []


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}] * 50},
    ],
)
def test_schema_that_leads_to_itself_ends(schema):
    _, unknown = faults({"a": 1}, schema)

    assert TOO_MUCH in unknown


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://elsewhere/x"},
        {"$ref": "#/nowhere"},
    ],
)
def test_reference_that_leads_nowhere_is_told(schema):
    assert faults(1, schema) == ([], {"$ref"})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "enum",
                        "const",
                        "properties",
                        "items",
                        "allOf",
                        "anyOf",
                        "oneOf",
                        "not",
                        "required",
                        "additionalProperties",
                        "minimum",
                        "maxItems",
                        "$ref",
                    ]
                ),
                inner,
            )
        ),
        max_leaves=10,
    ),
    VALUES,
)
def test_no_schema_breaks_the_examination(schema, document):
    faults(document, schema)
