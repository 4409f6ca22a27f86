import pytest

from arkalia_generate.values_schema import schema


def of(text, *path):
    found = schema(text, "arkalia")
    for key in path:
        found = found["properties"][key]
    return found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", "string"),
        ("'1'", "string"),
        ("1", "integer"),
        ("1.5", "number"),
        ("true", "boolean"),
    ],
)
def test_type_comes_from_the_default(value, kind):
    assert of(f"# -- Some value.\nsome: {value}\n", "some")["type"] == kind


def test_description_is_the_comment_above_without_its_marks():
    text = "# -- First line,\n# second line.\nsome: 1\n"

    assert of(text, "some")["description"] == "First line, second line."


def test_description_ends_at_an_empty_line():
    text = "# Something else.\n\n# -- The value.\nsome: 1\n"

    assert of(text, "some")["description"] == "The value."


def test_group_is_described_by_a_plain_comment():
    text = "# The image.\nimage:\n  # -- Its tag.\n  tag: ''\n"

    assert of(text, "image")["description"] == "The image."
    assert of(text, "image", "tag")["description"] == "Its tag."


def test_keywords_are_merged_and_are_no_part_of_the_description():
    text = (
        "# @schema {enum: [a, b]}\n# @schema {type: [string, integer]}\n# -- One of two.\nsome: a\n"
    )

    assert of(text, "some") == {
        "description": "One of two.",
        "type": ["string", "integer"],
        "enum": ["a", "b"],
    }


def test_object_is_closed_so_that_a_misspelt_value_is_an_error():
    text = "# A group.\ngroup:\n  # -- Inside.\n  inside: 1\n"

    assert schema(text, "arkalia")["additionalProperties"] is False
    assert of(text, "group")["additionalProperties"] is False


def test_object_with_an_empty_default_takes_anything():
    assert of("# -- Labels.\nlabels: {}\n", "labels")["additionalProperties"] is True


def test_keyword_opens_an_object():
    text = "# @schema {additionalProperties: true}\n# Open.\ngroup:\n  # -- Inside.\n  inside: 1\n"

    assert of(text, "group")["additionalProperties"] is True


def test_list_is_an_array():
    assert of("# -- Names.\nnames: [a]\n", "names")["type"] == "array"


def test_value_without_a_comment_has_an_empty_description():
    assert of("some: 1\n", "some")["description"] == ""


def test_title_names_the_chart():
    assert schema("{}\n", "other")["title"] == "Values of the chart other"
