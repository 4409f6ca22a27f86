"""What a module's pods are told."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_contract import environment
from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.desired.configuration import digest, settings_data, variables
from arkalia_operator.desired.resolved import ResolvedModule
from builders import a_module, a_system
from random_specs import JSON, TEXTS


def a_resolved(**settings):
    module = a_module()
    return ResolvedModule(
        "alpha", "0.1.0", "alpha:0.1.0", module.spec, ModuleSettings.model_validate(settings)
    )


def environment_of(*, told=None, env=None, **spec):
    return variables(a_system(**spec), a_resolved(env=env or {}), told or {})


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value if each is not None]
    return value


@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_settings_say_what_the_spec_says_but_for_its_nulls(config):
    text = settings_data(a_resolved(config=config))["settings.toml"]

    assert tomllib.loads(text) == without_nulls(config)


def test_settings_of_a_module_without_config_are_empty():
    assert settings_data(a_resolved()) == {"settings.toml": ""}


def test_digest_changes_with_the_settings():
    assert digest(a_resolved(config={"a": 1})) != digest(a_resolved(config={"a": 2}))


def test_digest_does_not_change_with_what_says_nothing():
    assert digest(a_resolved(config={"a": 1, "b": None})) == digest(a_resolved(config={"a": 1}))


def test_container_is_told_who_and_where_it_is():
    found = environment_of(environment="staging", logLevel="DEBUG")

    assert found == [
        {"name": "ARKALIA_POD", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "ARKALIA_ENV", "value": "staging"},
        {"name": "ARKALIA_LOG_LEVEL", "value": "DEBUG"},
        {"name": "ARKALIA_SYSTEM", "value": "luna"},
        {"name": "ARKALIA_NAMESPACE", "value": "arkalia"},
        {"name": "ARKALIA_MODULE", "value": "alpha"},
        {"name": "ARKALIA_VERSION", "value": "0.1.0"},
        {"name": "ARKALIA_DRAIN_SECONDS", "value": "5"},
    ]  # fmt: skip


def test_every_variable_of_the_contract_is_set():
    names = {each["name"] for each in environment_of(told={"ARKALIA_PORT": "8000"})}

    assert names == set(environment.SET_BY_OPERATOR)


def test_container_that_is_told_otherwise_hears_that():
    found = environment_of(told={"ARKALIA_VERSION": "0.2.0"})

    assert {"name": "ARKALIA_VERSION", "value": "0.2.0"} in found
    assert "0.1.0" not in [each.get("value") for each in found]


@pytest.mark.parametrize("order", [["B", "A"], ["A", "B"]])
def test_variables_of_the_user_follow_in_the_order_of_their_names(order):
    found = environment_of(env=dict.fromkeys(order, ""))

    assert found[-2:] == [{"name": "A", "value": ""}, {"name": "B", "value": ""}]
