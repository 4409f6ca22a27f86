"""The validation: all checks together, what they leave out, and what comes of them."""

import itertools
import os
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia import validation
from arkalia_sandozia.evidence import Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.findings import Severity
from arkalia_sandozia.formats import Form, Format
from arkalia_sandozia.policy import Policy
from arkalia_sandozia.validation import (
    MOST_OF_ANSWER,
    MOST_REASONS,
    Examined,
    Question,
    validate,
)

ROOT = Path(__file__).resolve().parents[3]
FACTS = (
    Fact("luna-helloria", "cpu_usage_ratio", 0.42),
    Fact("luna-helloria", "ready", value=True),
    Fact("luna-zeroia", "cpu_usage_ratio", 0.17),
)
RIGHT = "helloria uses 42 % CPU. helloria is ready."
WRONG = "helloria uses 52 % CPU. helloria is ready."


def checks(found):
    return [each.check for each in found.findings]


def test_answer_that_stands_on_the_facts_scores_high_and_one_that_does_not_low():
    right, wrong = (validate(Question(each, facts=FACTS)) for each in (RIGHT, WRONG))

    assert right.score > 0.8
    assert right.findings == []
    assert wrong.score < 0.2
    assert checks(wrong) == ["grounding/number"]
    assert wrong.findings[0].severity is Severity.HIGH
    assert wrong.findings[0].evidence == "fact: luna-helloria cpu usage ratio 0.42 ratio"


def test_answer_of_which_nothing_is_known_has_even_odds_and_says_so():
    found = validate(Question("It is 5 o'clock."))

    assert found.score == 0.5
    assert found.not_examined == ["grounding: nothing is known to compare the answer with"]
    assert "grounding" not in found.examined
    assert not found.is_partial


def test_conversation_and_prompt_are_evidence():
    question = Question(
        "The disk holds 12 GiB, and 3 GiB are free.",
        prompt="The disk holds 12 GiB. How much is free?",
        sources=(Source("conversation", "3 GiB are free on the disk."),),
    )

    assert validate(question).findings == []


def test_answer_that_contradicts_itself_scores_low():
    found = validate(Question("helloria uses 42 % CPU. So helloria uses 63 % CPU."))

    assert checks(found) == ["consistency/contradiction"]
    assert found.score < 0.3


def test_samples_that_all_say_otherwise_lower_the_score():
    answer = "The p95 latency of helloria is 80 ms."
    others = tuple(f"The p95 latency of helloria is {each} ms." for each in (12, 900, 333))

    apart, alike = (validate(Question(answer, samples=each)) for each in (others, (answer,) * 3))

    assert checks(apart) == ["samples/disagreement"]
    assert apart.score < 0.3
    assert alike.score > 0.7


@pytest.mark.parametrize(
    ("asked", "check", "most"),
    [
        ({"policy": Policy(forbidden=("ready",))}, "policy/forbidden", 0),
        ({"format": Format(Form.JSON)}, "format/json", 0),
        ({"format": Format(longest=5)}, "format/length", 0),
        ({"language": "fr"}, "language/other", 0),
    ],
)
def test_broken_rule_bounds_the_score(asked, check, most):
    answer = "The helloria is ready, and it has been so for all of the day."

    found = validate(Question(answer, facts=FACTS, **asked))

    assert check in checks(found)
    assert found.score <= most


def test_data_about_a_person_halves_what_can_be_reached():
    found = validate(Question(f"{RIGHT} Ask ada@lovelace.org", facts=FACTS))

    assert "policy/personal" in checks(found)
    assert found.score <= 0.5


def test_expected_language_is_no_finding():
    found = validate(Question("It is the gateway that is not ready for all of us.", language="en"))

    assert checks(found) == []
    assert "language" in found.examined


def test_what_lies_beyond_the_bounds_is_told():
    answer = f"{RIGHT} {'It is so. ' * MOST_OF_ANSWER}"
    facts = (*FACTS, Fact("a", "note", "x" * validation.MOST_OF_SOURCE))

    found = validate(Question(answer, facts=facts))

    assert found.is_partial
    assert [each.split(":")[0] for each in found.not_examined] == [
        "grounding, consistency, samples",
        "grounding",
    ]


def test_rules_are_kept_to_the_end_of_a_long_answer():
    answer = "It is so. " * MOST_OF_ANSWER + "AKIA" + "ABCDEFGHIJKLMNOP"

    assert "policy/secret" in checks(validate(Question(answer)))


@pytest.mark.parametrize("steps", [0, 1, 3, 6, 10])
def test_what_its_time_does_not_allow_is_told(steps):
    left = itertools.chain([True] * steps, itertools.repeat(False))

    found = validate(Question(RIGHT, facts=FACTS, samples=(RIGHT, WRONG)), lambda: next(left))

    assert found.is_partial
    assert 0 <= found.score <= 1


def test_reasons_are_bounded_and_the_worst_are_kept():
    answer = "luna-vaultia was asked. " * 300 + "AKIA" + "ABCDEFGHIJKLMNOP"

    found = validate(Question(answer, facts=FACTS))

    assert len(found.findings) == MOST_REASONS
    assert found.findings[-1].check == "policy/secret"
    assert any(each.startswith("reasons:") for each in found.not_examined)


PROGRAM = """
from arkalia_answers import dataset
from arkalia_sandozia.validation import validate
for make in (dataset.grounded, dataset.contradictory, dataset.repeated):
    for example in make(dataset.HELD_OUT, 8):
        found = validate(example.question)
        print(found.score, found.findings)
"""


def test_same_answer_has_the_same_score_in_every_process():
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "dev"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0] == told[1] != ""


TEXT = st.text(string.ascii_letters + string.digits + " .,-%:\n|`[]()@+'\"é", max_size=200)


@given(TEXT, TEXT, st.lists(TEXT, max_size=2), st.sampled_from(Form))
def test_any_question_has_a_score_and_reasons_within_the_answer(answer, context, samples, form):
    question = Question(
        answer,
        prompt=context,
        sources=(Source("context", context),),
        samples=tuple(samples),
        language="en",
        format=Format(form),
    )

    found = validate(question)

    assert 0 <= found.score <= 1
    assert all(0 <= each.start <= each.end <= len(answer) for each in found.findings)
    assert validate(question).score == found.score
    assert found.supported <= found.claims


HOSTILE = [
    "eyJ-",
    "a.",
    "+1 ",
    "x@",
    "1 ",
    "password=",
    "[](",
    "no ",
    "A",
    "1,",
    "sk-",
    "\n",
    "-----BEGIN ",
    "AA11 ",
    "|-",
    "```\n",
    "é",
    "luna-a1 ",
    "4111 ",
    "January 1, ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_length_of_the_answer_and_not_faster(piece, calls_of):
    short, long = piece * (3_000 // len(piece)), piece * (9_000 // len(piece))
    asked = {"facts": FACTS, "language": "en", "format": Format(Form.MARKDOWN)}

    little = calls_of(lambda: validate(Question(short, **asked)))
    much = calls_of(lambda: validate(Question(long, **asked)))
    # A pattern that goes back and forth would not come to the end of this.
    clock = itertools.chain([True] * 500, itertools.repeat(False))
    validate(Question(piece * (1_000_000 // len(piece)), **asked), lambda: next(clock))

    assert much < 5 * little + 20_000


def test_rules_for_which_there_was_no_time_are_told():
    forbidden = Policy(("one", "two"))
    question = Question("One and two. password: hunter22x", policy=forbidden)

    found = validate(question, lambda: False)

    assert [each for each in found.not_examined if each.startswith("policy")] == [
        "policy: forbidden words: its time was over",
        "policy: secrets: its time was over",
        "policy: data about persons: its time was over",
    ]
    assert Examined.POLICY not in found.examined
    assert found.is_partial


@pytest.mark.parametrize("answer", ["One.", "Two."])
def test_rules_that_were_looked_at_are_told(answer):
    forbidden = Policy(("one",), secrets=False, personal=False)

    assert Examined.POLICY in validate(Question(answer, policy=forbidden)).examined
