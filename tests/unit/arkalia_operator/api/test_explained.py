"""What `kubectl explain` and the reference say of a field."""

import pytest

from arkalia_operator.api.explained import explained, length_bounds, number_bounds, type_name


def test_default_becomes_the_last_sentence_of_the_description():
    schema = {"type": "integer", "description": "Pods.", "minimum": 1, "default": 2}

    assert explained(schema) == {
        "type": "integer",
        "description": "Pods. At least 1. Default: 2.",
        "minimum": 1,
    }


@pytest.mark.parametrize("default", [{}, [], "", None])
def test_empty_default_is_not_told(default):
    schema = {"type": "object", "description": "Things.", "default": default}

    assert explained(schema) == {"type": "object", "description": "Things."}


@pytest.mark.parametrize(
    ("default", "words"),
    [
        (False, "false"),
        (0, "0"),
        ("INFO", "INFO"),
        (["GET"], "[GET]"),
        ({"path": "/x", "periodSeconds": 1}, "{path: /x, periodSeconds: 1}"),
    ],
)
def test_default_is_told_as_a_user_writes_it(default, words):
    told = explained({"type": "string", "description": "A.", "default": default})

    assert told["description"] == f"A. Default: {words}."


def test_fields_items_and_values_are_explained_too():
    inner = {"type": "integer", "description": "I.", "default": 1}
    outer = {"type": "object", "properties": {"default": inner}}

    told = [
        explained(outer)["properties"]["default"],
        explained({"type": "array", "items": inner})["items"],
        explained({"type": "object", "additionalProperties": inner})["additionalProperties"],
    ]

    assert told == [{"type": "integer", "description": "I. Default: 1."}] * 3


def test_node_without_anything_to_say_gets_no_description():
    assert explained({"type": "string"}) == {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, ""),
        ({"minimum": 0}, "At least 0."),
        ({"maximum": 9}, "At most 9."),
        ({"minimum": 1, "maximum": 9}, "From 1 to 9."),
    ],
)
def test_number_bounds_are_a_sentence(schema, words):
    assert number_bounds(schema) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, ""),
        ({"maxLength": 20}, "At most 20 characters."),
        ({"minLength": 1, "maxLength": 20}, "1 to 20 characters."),
        ({"maxItems": 8}, "At most 8 entries."),
        ({"maxProperties": 8}, "At most 8 entries."),
    ],
)
def test_length_bounds_are_a_sentence(schema, words):
    assert length_bounds(schema) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "boolean"}, "boolean"),
        ({"type": "string", "format": "date-time"}, "time (RFC 3339)"),
        ({"x-kubernetes-int-or-string": True}, "string or integer"),
        ({"type": "array", "items": {"type": "string"}}, "list of strings"),
        (
            {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}},
            "map of strings or integers",
        ),
        (
            {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            "map of lists of strings",
        ),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, "any object"),
        ({"type": "object", "properties": {}}, "object"),
    ],
)
def test_type_is_called_as_a_reader_calls_it(schema, words):
    assert type_name(schema) == words
