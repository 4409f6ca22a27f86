"""The vocabulary that all models share."""

import pytest
from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.base import rule_on_keys
from arkalia_operator.api.modules import ResourceRequirements


def requests_of(**amounts):
    return ResourceRequirements.model_validate({"requests": amounts} if amounts else {})


def requests(cpu):
    return requests_of(cpu=cpu).requests


def test_quantity_is_text_when_it_was_written_as_text():
    assert requests("250m") == {"cpu": "250m"}


def test_quantity_is_text_when_it_was_written_as_a_whole_number():
    assert requests(2) == {"cpu": "2"}


@pytest.mark.parametrize("wrong", [True, 0.5, None, ["1"]])
def test_quantity_is_refused_when_it_is_neither(wrong):
    with pytest.raises(ValidationError):
        requests(wrong)


def test_models_in_which_the_same_was_given_share_what_tells_it():
    one, other, nothing = requests_of(cpu=1), requests_of(cpu=2), requests_of()

    assert one.model_fields_set is other.model_fields_set
    assert (one.model_fields_set, nothing.model_fields_set) == ({"requests"}, set())


def test_what_a_copy_was_given_is_its_own():
    nothing = requests_of()

    copy = nothing.model_copy(update={"requests": {"cpu": "1"}})

    assert (copy.model_fields_set, nothing.model_fields_set) == ({"requests"}, set())


def test_what_resources_leave_out_is_remembered_once():
    one, other = (ArkaliaSystemSpec.model_validate({}) for _ in range(2))

    assert one.placement.tolerations is other.placement.tolerations
    assert (one.images, one.data) == (other.images, other.data)
    assert one.images is other.images
    assert one.data is other.data


def test_settings_of_modules_that_say_the_same_are_remembered_once():
    told = {"zeroia": {"replicas": 2}, "taskia": {"replicas": 2}, "cognitia": {"replicas": 3}}

    modules = ArkaliaSystemSpec.model_validate({"modules": told}).modules

    assert modules["zeroia"] is modules["taskia"]
    assert {name: each.replicas for name, each in modules.items()} == {
        name: each["replicas"] for name, each in told.items()
    }


def test_rule_on_keys_names_the_first_key_that_breaks_it():
    made = rule_on_keys("key != 'a'", "not a: write b")

    assert made == {
        "rule": "self.all(key, key != 'a')",
        "message": "not a: write b",
        "messageExpression": "self.filter(key, !(key != 'a'))[0] + ': not a: write b'",
    }
