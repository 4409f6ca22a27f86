"""The registry: one meaning and one form for each type and version."""

import re

import pytest

from arkalia_contract import control, event_types
from arkalia_contract.event_types import EventType


@pytest.mark.parametrize("event_type", event_types.ALL, ids=lambda each: each.name)
def test_a_type_is_named_after_a_fact_in_the_past(event_type):
    assert re.fullmatch(r"io\.arkalia(\.[a-z]+)+", event_type.name)
    assert event_type.name.endswith("ed") or event_type.name.endswith("made")
    assert event_type.meaning.endswith(".")
    assert event_type.stream


def test_no_type_and_version_stands_twice():
    assert len(event_types.BY_NAME_AND_VERSION) == len(event_types.ALL)


@pytest.mark.parametrize("event_type", event_types.ALL, ids=lambda each: each.name)
def test_a_schema_requires_what_it_describes(event_type):
    schema = event_type.schema

    assert set(schema["required"]) <= schema["properties"].keys()
    assert not set(event_type.required) & set(event_type.optional)


def test_a_schema_allows_fields_that_come_later():
    kind = EventType("io.arkalia.thing.done", 1, "A thing is done.", "thing id", {}, {})

    assert "additionalProperties" not in kind.schema


def test_decisions_actions_outcomes_chat_logins_and_configuration_have_types():
    groups = {each.name.split(".")[2] for each in event_types.ALL}

    assert {"decision", "action", "outcome", "chat", "login", "configuration"} <= groups


def test_control_verbs_are_unique_and_say_what_they_do():
    assert len({verb.name for verb in control.ALL}) == len(control.ALL)
    assert all(verb.meaning.endswith(".") for verb in control.ALL)
