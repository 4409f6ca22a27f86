import pytest
from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.mistakes import mistakes_of


def mistakes_in(spec):
    with pytest.raises(ValidationError) as caught:
        ArkaliaSystemSpec.model_validate(spec)
    return mistakes_of(caught.value)


def test_mistake_is_told_with_its_place_as_it_is_written_in_the_resource():
    told = mistakes_in({"modules": {"alpha": {"replicas": "many"}}})

    assert told.startswith("spec.modules.alpha.replicas: Input should be a valid integer")


def test_mistake_of_the_spec_as_a_whole_has_the_spec_as_its_place():
    assert mistakes_in("text").startswith("spec: Input should be a valid dictionary")


def test_mistakes_are_bounded_when_there_are_many():
    told = mistakes_in({f"odd{number}": 1 for number in range(9)})

    assert told.startswith("spec.odd0: ")
    assert told.endswith("; and 6 more")


def test_field_that_is_not_there_is_called_so():
    assert mistakes_in({"modules": {"alpha": {"replica": 1}}}) == (
        "spec.modules.alpha.replica: there is no such field: see its name in the reference"
    )
