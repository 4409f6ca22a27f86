"""What is told beside an answer."""

import pytest

from arkalia_cli.views import chat as view


def told(**changes):
    return {
        "model": "small",
        "backend": "main",
        "finish_reason": "stop",
        "prompt": {"score": 0.0, "verdict": "passed", "reasons": []},
        "validation": {"score": 0.834, "detail": "", "reasons": []},
        "tokens": {"prompt": 3, "completion": 17},
        "timings": {"total": 0.42},
        "kept": {"status": "kept", "detail": ""},
    } | changes


def test_score_comes_first():
    assert view.beside(told()) == "score 0.83 · small on main · 17 tokens · 0.4 s"


def test_answer_without_a_score_says_why():
    validation = {"score": None, "detail": "sandozia cannot be reached.", "reasons": []}

    assert view.beside(told(validation=validation)).startswith(
        "not validated (sandozia cannot be reached) · small"
    )


def test_reasons_are_told_as_far_as_they_fit():
    reasons = [{"check": f"grounding/{n}", "message": f"Number {n}."} for n in range(7)]

    lines = view.beside(told(validation={"score": 0.1, "reasons": reasons})).splitlines()

    assert lines[1] == "  grounding/0: Number 0."
    assert (len(lines), lines[-1]) == (7, "  and 2 more")


def test_attack_is_told_with_its_reasons():
    reasons = [{"layer": "roles", "reason": "RoleChange", "message": "It takes a role."}]
    prompt = {"score": 0.97, "verdict": "flagged", "reasons": reasons}

    assert view.beside(told(prompt=prompt)).splitlines()[1:] == [
        "the question looks like an attack (0.97):",
        "  RoleChange: It takes a role.",
    ]


@pytest.mark.parametrize(
    ("status", "is_told"),
    [("kept", False), ("not_asked", False), ("full", True), ("unavailable", True)],
)
def test_what_is_not_kept_against_the_wish_is_told(status, is_told):
    kept = {"status": status, "detail": "Because."}

    assert ("not kept: Because." in view.beside(told(kept=kept))) is is_told


def test_answer_that_is_withheld_is_told():
    assert "withheld" in view.beside(told(finish_reason="content_filter"))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("two\nlines\tand a tab é 漢", "two\nlines\tand a tab é 漢"),
        ("\x1b[2J\x1b]0;title\x07gone", "[2J]0;titlegone"),
        ("abc\rxyz\x9b31m", "abcxyz31m"),
        ("a\u202eb", "ab"),
    ],
)
def test_nothing_of_a_model_commands_a_terminal(text, seen):
    assert view.shown(text) == seen
    assert "\x1b" not in view.beside(told(model=text))
