"""Words and their meanings."""

import pytest

from arkalia_cli.errors import NotFoundError
from arkalia_cli.views import explain
from unit.arkalia_cli.rendering import rendered

KNOWN = {
    "Ready": {"kind": "condition", "summary": "It runs.", "sections": {"Meaning": "It runs."}},
    "ApplyFailed": {
        "kind": "reason",
        "summary": "Refused.",
        "sections": {"Meaning": "Refused.", "What to do": "Read the message."},
    },
}


def test_word_is_found_however_it_is_capitalised():
    assert explain.meant("applyfailed", KNOWN) == "ApplyFailed"


def test_unknown_word_names_those_that_look_like_it():
    with pytest.raises(NotFoundError) as caught:
        explain.meant("AplyFailed", KNOWN)

    assert caught.value.hint == "Did you mean ApplyFailed?"


def test_page_holds_every_section_in_its_order():
    assert explain.page("ApplyFailed", KNOWN["ApplyFailed"]) == (
        "# ApplyFailed (reason)\n\n## Meaning\n\nRefused.\n\n## What to do\n\nRead the message."
    )


def test_contents_list_every_word_with_what_it_says():
    lines = rendered(explain.contents(KNOWN)).splitlines()

    assert [line.split() for line in lines] == [
        ["WORD", "KIND", "SAYS"],
        ["Ready", "condition", "It", "runs."],
        ["ApplyFailed", "reason", "Refused."],
    ]
