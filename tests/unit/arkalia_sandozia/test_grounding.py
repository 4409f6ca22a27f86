"""Grounding: what is known says the same, something else, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.clauses import clauses
from arkalia_sandozia.evidence import MOST_UNITS, Evidence, Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.grounding import Kinds, grounds

FACTS = [
    Fact("luna-helloria", "cpu_usage_ratio", 0.42),
    Fact("luna-helloria", "memory_working_set_bytes", 125829120),
    Fact("luna-helloria", "replicas", 3),
    Fact("luna-helloria", "ready_replicas", 2),
    Fact("luna-helloria", "ready", value=True),
    Fact("luna-helloria", "since", "2026-11-25"),
    Fact("luna-zeroia", "cpu_usage_ratio", 0.17),
    Fact("luna-zeroia", "ready", value=False),
    Fact("luna-zeroia", "restarts_total", 5),
]
CONTEXT = """The p95 latency of helloria is 80 ms.
The node worker-2 hosts zeroia. The node worker-7 hosts helloria.
Nothing was deleted on zeroia. Is the gateway called auroria?"""
EVIDENCE = Evidence(
    [*(Source("fact", each.sentence, each.subject) for each in FACTS), Source("context", CONTEXT)]
)


def found(answer):
    return grounds(clauses(answer), EVIDENCE)


@pytest.mark.parametrize(
    "answer",
    [
        "helloria uses 42 % CPU and 120 MiB of memory.",
        "The processor of helloria is about 40 % busy.",
        "2 of 3 replicas of helloria are ready.",
        "zeroia is not ready, helloria is ready.",
        "zeroia restarted five times.",
        "luna-helloria has been up since 25 November 2026.",
        "The latency of helloria is below 100 ms.",
        "zeroia is on worker-2.",
        "Here are two hints. Let me know if you need more!",
        "Is helloria at 99 %?",
        "The read-only view is enough.",
    ],
)
def test_nothing_speaks_against_what_is_known(answer):
    assert found(answer).doubts == []


def test_name_of_the_platform_is_known_to_everybody():
    assert found("helloria of Arkalia uses 42 % CPU.").doubts == []


@pytest.mark.parametrize(
    ("answer", "kind", "said", "instead"),
    [
        ("helloria uses 52 % CPU.", Kinds.NUMBER, "52", "0.42"),
        ("helloria uses 120 GiB of memory.", Kinds.NUMBER, "120", "125829120"),
        ("helloria uses 17 % CPU.", Kinds.ELSEWHERE, "17", "0.42"),
        ("zeroia had no restarts.", Kinds.NUMBER, "no", "5"),
        ("helloria is up since 24 November 2026.", Kinds.NUMBER, "24 November 2026", "2026-11-25"),
        ("The disk of helloria holds 12 °C.", Kinds.UNKNOWN_NUMBER, "12", ""),
        ("zeroia is on worker-3.", Kinds.NAME, "worker-3", "worker-2"),
        ("hellroia uses 42 % CPU.", Kinds.NAME, "hellroia", "helloria"),
        ("luna-vaultia was asked.", Kinds.UNKNOWN_NAME, "luna-vaultia", ""),
        ("zeroia is ready.", Kinds.NEGATION, "", "luna-zeroia is not ready"),
        ("Volumes were deleted on zeroia.", Kinds.NEGATION, "", "Nothing was deleted on zeroia"),
        ("vaultia uses 42 % CPU.", Kinds.NOBODY, "vaultia", ""),
        ("The node worker-2 hosts helloria.", Kinds.APART, "", ""),
    ],
)
def test_what_is_wrong_is_found_with_what_is_known_instead(answer, kind, said, instead):
    [doubt] = [each for each in found(answer).doubts if each.kind is kind]

    assert said in doubt.said
    assert instead in doubt.instead
    assert 0 < doubt.strength <= 1


def test_doubt_stands_at_its_place_in_the_answer():
    answer = "helloria is ready. helloria uses 52 % CPU."

    [doubt] = found(answer).doubts

    assert answer[doubt.start : doubt.end] == "52 %"


def test_what_somebody_else_does_is_found():
    evidence = Evidence(
        [Source("context", "The backup of luna-taskia failed.\nThe module luna-nyxalia is small.")]
    )

    doubts = grounds(clauses("The backup of luna-nyxalia failed."), evidence).doubts

    assert [each.kind for each in doubts] == [Kinds.ELSE]
    assert "luna-taskia" in doubts[0].instead


def test_question_in_the_evidence_proves_its_names_and_nothing_else():
    assert found("auroria was asked.").doubts == []
    assert grounds(clauses("It is 5 s."), Evidence([Source("prompt", "Is it 5 s?")])).supported == 0


def test_examination_ends_when_its_time_is_over_and_says_where():
    left = iter([True, False])

    result = grounds(clauses("One is 5. Two is 6."), EVIDENCE, lambda: next(left))

    assert result.until == len("One is 5")


def test_evidence_is_bounded_and_says_what_it_left_out():
    text = "It is so.\n" * (MOST_UNITS + 10)

    evidence = Evidence([Source("context", text)])

    assert len(evidence.units) == MOST_UNITS
    assert evidence.left_out == len("It is so.\n") * 10


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        (Fact("a", "memory_bytes", 1024), "a memory bytes 1024 bytes"),
        (Fact("a", "latencySeconds", 0.25), "a latency seconds 0.25 s"),
        (Fact("a", "cpu", 250, "m"), "a cpu 250 m"),
        (Fact("a", "requests_per_second", 7), "a requests per second 7 req/s"),
        (Fact("a", "ready", value=False), "a is not ready"),
        (Fact("a", "image", "nginx"), "a image nginx"),
        (Fact("a", "", 1), "a  1"),
    ],
)
def test_fact_is_a_sentence_in_its_unit(fact, sentence):
    assert fact.sentence == sentence


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_answer_can_be_laid_beside_any_evidence(answer, context):
    result = grounds(clauses(answer), Evidence([Source("context", context)]))

    assert all(0 <= each.start <= each.end <= len(answer) for each in result.doubts)
    assert all(0 < each.strength <= 1 + 1e-9 for each in result.doubts)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_answer_that_repeats_its_evidence_is_not_doubted(numbers):
    text = "\n".join(f"item-{at}x weighs {each} bytes" for at, each in enumerate(numbers))

    assert grounds(clauses(text), Evidence([Source("context", text)])).doubts == []
