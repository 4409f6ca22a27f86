"""Many things in one message."""

from arkalia_operator.api.wording import first_of


def test_message_names_three_things_and_the_number_of_the_others():
    assert first_of(["a", "b", "c"]) == ["a", "b", "c"]
    assert first_of(["a", "b", "c", "d", "e"]) == ["a", "b", "c", "and 2 more"]
    assert first_of(iter([1, 2, 3]), most=1) == ["1", "and 2 more"]
