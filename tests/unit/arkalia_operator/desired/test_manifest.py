from arkalia_operator.desired.manifest import mapping, present


def test_fields_that_say_nothing_are_left_out():
    assert present(a=None, b={}, c=[]) == {}


def test_fields_that_are_false_or_zero_say_something():
    assert present(a=False, b=0, c="") == {"a": False, "b": 0, "c": ""}


def test_anything_but_a_mapping_counts_as_an_empty_one():
    assert [mapping(each) for each in ({"a": 1}, None, [1], "a", 7)] == [{"a": 1}, {}, {}, {}, {}]
