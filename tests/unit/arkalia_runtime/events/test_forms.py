"""Forms: every type of the registry can be checked."""

import pytest

from arkalia_contract import event_types
from arkalia_runtime.events import forms
from arkalia_runtime.events.forms import InvalidEventError

EXAMPLES = {
    "string": "text",
    "number": 0.5,
    "integer": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


def example(schema):
    return schema["enum"][0] if "enum" in schema else EXAMPLES[schema["type"]]


def data_of(event_type):
    return {name: example(schema) for name, schema in event_type.required.items()}


@pytest.mark.parametrize("event_type", event_types.ALL, ids=lambda each: each.name)
def test_every_type_takes_what_its_schema_asks_for(event_type):
    forms.dumped(event_type.name, event_type.version, data_of(event_type))


@pytest.mark.parametrize("event_type", event_types.ALL, ids=lambda each: each.name)
def test_every_type_refuses_what_lacks_a_required_field(event_type):
    for name in event_type.required:
        lacking = {key: value for key, value in data_of(event_type).items() if key != name}
        with pytest.raises(InvalidEventError, match=name):
            forms.dumped(event_type.name, event_type.version, lacking)


def test_field_that_nobody_knows_is_allowed():
    [event_type, *_] = event_types.ALL
    forms.dumped(event_type.name, event_type.version, data_of(event_type) | {"more": 1})
