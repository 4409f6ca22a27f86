"""Templates stand for the texts that they say, and every slot is known."""

from random import Random

import pytest

from arkalia_prompts import grammar
from arkalia_prompts.grammar import CORPUS, SLOTS, expanded

KNOWN = {"name": "⟨Anna|Ben⟩", "greeting": "⟨Hi ⟨@name⟩|Hello⟩"}
FOLDERS = ["attacks", "harmless"]


def ways(text):
    return {expanded(text, KNOWN, Random(seed)) for seed in range(50)}


def test_template_stands_for_each_of_its_alternatives():
    assert ways("⟨a|b|⟩c") == {"ac", "bc", "c"}


def test_slots_and_alternatives_nest():
    assert ways("⟨@greeting⟩!") == {"Hi Anna!", "Hi Ben!", "Hello!"}


def test_bar_outside_of_alternatives_and_broken_bar_are_bars():
    assert ways("a | b") == {"a | b"}
    assert ways("⟨x ¦ y⟩") == {"x | y"}


def test_slot_that_nobody_knows_is_an_error():
    with pytest.raises(KeyError, match="nobody"):
        expanded("⟨@nobody⟩", KNOWN, Random(0))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_template_has_texts_without_marks_of_the_grammar(folder):
    known = grammar.slots(CORPUS / SLOTS)

    for template in grammar.templates(CORPUS / folder):
        for seed in range(5):
            text = expanded(template.text, known, Random(seed))
            assert text.strip(), template
            assert not set(text) & set("⟨⟩¦"), template


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_belongs_to_a_family(folder):
    stems = {path.stem for path in (CORPUS / folder).glob("*.txt")}

    families = {
        template.family.partition("/")[0] for template in grammar.templates(CORPUS / folder)
    }

    assert families == stems


def test_no_template_is_both_an_attack_and_harmless():
    attacks, harmless = ({t.text for t in grammar.templates(CORPUS / each)} for each in FOLDERS)

    assert attacks & harmless == set()
