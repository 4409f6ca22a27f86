from datetime import datetime

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.mistakes import mistakes_of


def mistakes_in(spec):
    with pytest.raises(ValidationError) as caught:
        ArkaliaSystemSpec.model_validate(spec)
    return mistakes_of(caught.value)


def test_mistake_is_told_with_its_place_as_it_is_written_in_the_resource():
    told = mistakes_in({"modules": {"alpha": {"replicas": "many"}}})

    assert told.startswith("spec.modules.alpha.replicas: Input should be a valid integer")


class Visit(BaseModel):
    """A field of one of pydantic's types, and one with a validator of ours."""

    begins: datetime = datetime(2026, 1, 1)
    guests: int = 2

    @field_validator("guests")
    @classmethod
    def _even(cls, guests):
        if guests % 2:
            message = f"{guests} is odd"
            raise ValueError(message)
        return guests


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"guests": 3}, "spec.guests: 3 is odd"),
        (
            {"begins": "x"},
            "spec.begins: Input should be a valid datetime or date, input is too short",
        ),
    ],
    ids=["a validator of ours", "a type of pydantic"],
)
def test_mistake_is_told_in_whole_sentences_and_in_a_validator_s_own_words(spec, told):
    with pytest.raises(ValidationError) as caught:
        Visit.model_validate(spec)

    assert mistakes_of(caught.value) == told


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
