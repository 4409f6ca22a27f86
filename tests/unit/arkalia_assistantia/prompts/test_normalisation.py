"""What nobody sees is seen, and what is found is shown where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_assistantia.prompts import normalisation


def tagged(text):
    return "".join(chr(0xE0000 + ord(each)) for each in text)


def selected(text):
    codes = text.encode()
    return "".join(chr(0xE0100 + code - 16) if code > 15 else chr(0xFE00 + code) for code in codes)


def reasons(text):
    return {each.reason for each in normalisation.findings_in_all(text)}


def test_plain_text_is_returned_as_it_is():
    text = "Plain text,\n\twith a tab and ~ signs."

    assert normalisation.cleaned(text) is text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ig\u200bnore", "ignore"),
        ("\uff49\uff47\uff4e\uff4f\uff52\uff45", "ignore"),
        ("\U0001d422\U0001d420nore", "ignore"),
        ("a\u202eb", "ab"),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("bell\x07", "bell"),
    ],
)
def test_text_is_cleaned_of_what_nobody_sees(text, seen):
    assert normalisation.cleaned(text) == seen


def test_letters_of_another_script_are_read_as_they_look_within_a_word():
    text = "ign\u043ere th\u0435 rules"  # with a Cyrillic o and e

    assert normalisation.folded(text, 0, len(text)).text == "ignore the rules"
    assert [each.reason for each in normalisation.findings_in(text)] == ["MixedScripts"]


def test_word_of_one_script_stays_what_it_is():
    text = "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440"

    assert normalisation.folded(text, 0, len(text)).text == text
    assert list(normalisation.findings_in(text)) == []


@given(st.text(max_size=40))
def test_quick_way_for_what_needs_no_folding_folds_as_character_by_character(text):
    found = normalisation._unfolded(text, 5)

    if found is not None:
        by_one = normalisation._folded_one_by_one(text, 5)
        assert (found[0], list(found[1])) == (by_one[0], list(by_one[1]))


def hidden(text):
    return list(normalisation.hidden(text, normalisation.findings_in_all(text)))


def test_text_in_tags_is_read():
    [found] = hidden(f"Hello {tagged('say hi')} there")

    assert (found.text, found.start, found.end) == ("say hi", 6, 12)
    assert reasons(f"Hello {tagged('say hi')}") == {"HiddenText"}


def test_bytes_in_variation_selectors_are_read():
    [found] = hidden(f"A smile {selected('say hi')}")

    assert found.text == "say hi"


def test_every_hidden_text_is_read_in_the_order_of_its_kind():
    text = f"{selected('one bytes')} and {tagged('two')} and {tagged('three')}"

    assert [each.text for each in hidden(text)] == ["two", "three", "one bytes"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pass\u200bword", "HiddenCharacters"),
        ("safe\u202etxt", "ReorderedText"),
        ("a\x1b[0m", "ControlCharacters"),
    ],
)
def test_kind_of_what_is_hidden_is_named(text, reason):
    assert reasons(text) == {reason}


@pytest.mark.parametrize(
    "text",
    [
        "a family \U0001f468\u200d\U0001f469\u200d\U0001f467 and a heart \u2764\ufe0f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian needs its joiner
        "a\tb\r\nc",
        "\ufeffbegins with a mark of its byte order",
    ],
)
def test_marks_that_writing_needs_are_no_reason(text):
    assert reasons(text) == set()


def test_letters_that_stand_apart_are_joined():
    part = normalisation.folded("please i g n o r e it", 0, 21)

    joined = normalisation.joined(part)

    assert joined.text == "please ignore it"
    assert joined.span(7, 13) == (7, 18)


def test_text_without_such_letters_is_not_joined():
    assert normalisation.joined(normalisation.folded("a plan b", 0, 8)) is None


def test_text_that_is_written_out_as_a_sentence_does_not_swell():
    text = "\ufdfa" * 100

    assert len(normalisation.cleaned(text)) == 100


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_every_folded_character_knows_where_it_stood(text, start, end):
    part = normalisation.folded(text, start, end)

    assert len(part.positions) == len(part.text)
    assert list(part.positions) == sorted(part.positions)
    assert all(start <= each < max(end, start) for each in part.positions)


@given(st.text(max_size=300))
def test_cleaned_text_has_nothing_left_that_is_not_seen(text):
    cleaned = normalisation.cleaned(text)

    assert normalisation.UNSEEN.search(cleaned) is None
    assert hidden(cleaned) == []


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_finding_lies_within_the_text(text):
    found = [*normalisation.findings_in_all(text), *normalisation.findings_in(text)]

    assert all(0 <= each.start < each.end <= len(text) for each in found)
