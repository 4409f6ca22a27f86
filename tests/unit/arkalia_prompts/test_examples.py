"""Examples are the same each time, marked where the attack is, and split by template."""

import pytest

from arkalia_prompts.examples import TIMES, examples


@pytest.fixture(scope="module")
def made():
    return examples()


def test_examples_are_the_same_each_time(made):
    assert examples() == made


def test_attack_lies_within_its_text(made):
    for each in made:
        if each.attack is not None:
            start, end = each.attack
            assert 0 <= start < end <= len(each.text)


def test_no_template_is_on_both_sides_of_the_split(made):
    sides = ({each.template for each in made if each.held_out is side} for side in (True, False))

    learnt, kept = sides
    assert learnt & kept == set()


def test_both_sides_have_attacks_and_harmless_texts(made):
    kinds = {(each.held_out, each.attack is None) for each in made}

    assert len(kinds) == 4


def test_files_that_are_walked_oftener_exist(made):
    assert TIMES.keys() <= {each.family.partition("/")[0] for each in made}
