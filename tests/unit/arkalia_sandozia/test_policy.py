"""Policy: what an answer must not hold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.findings import Severity
from arkalia_sandozia.policy import MOST_FOUND, Policy, is_iban, parts, passes_luhn


def broken(answer, policy, said=""):
    return [finding for _, found in parts(answer, policy, said) for finding in found]


HEAD = "-----BEGIN"
SECRETS = [
    f"{HEAD} RSA PRIVATE KEY-----",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 9,
    "glpat-" + "abcdefghij0123456789",
    "xoxb-" + "1234567890-abc",
    "AIza" + "a" * 35,
    "sk-" + "a1" * 12,
    "eyJ" + "hbGciOi" + "J9x.eyJ" + "zdWIiOiIx.abcdefgh1",
    "postgres://ark:" + "s3cret" + "@db:5432/x",
    "password: " + "hunter22x",
    "mot de passe = " + "azerty123",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secret_is_found_and_not_repeated(secret):
    answer = f"Here you are: {secret} , keep it."

    found = broken(answer, Policy())

    assert found[0].check == "policy/secret"
    assert found[0].severity is Severity.HIGH
    assert secret not in found[0].wrong + found[0].evidence
    assert answer[found[0].start : found[0].end] in f"{secret} ,"


@pytest.mark.parametrize("secret", SECRETS)
def test_what_the_user_has_said_is_no_leak(secret):
    found = broken(f"You wrote {secret} .", Policy(), said=f"what is {secret} ?")

    assert {each.severity for each in found if each.check == "policy/secret"} == {Severity.LOW}


@pytest.mark.parametrize(
    "person",
    [
        "ada@lovelace.org",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "+33 1 23 45 67 89",
    ],
)
def test_data_about_a_person_is_found(person):
    [found] = broken(f"Ask {person} please", Policy())

    assert found.check == "policy/personal"
    assert found.severity is Severity.MEDIUM
    assert person not in found.wrong


@pytest.mark.parametrize(
    "text",
    [
        "the password must have 12 characters",
        "the secret is mounted as a file",
        "write to somebody@example.com",
        "order 4111 1111 1111 1112",
        "DE88 3704 0044 0532 0130 00",
        "at 10.0.0.1:8080 since 2026-11-25",
        "request 0f8fad5b-d9cb-469f-a165-70867728950e",
    ],
)
def test_what_only_looks_similar_is_not_found(text):
    assert broken(text, Policy()) == []


def test_forbidden_phrase_is_found_in_any_case_and_over_a_line_break():
    found = broken("We promise a Full\nRefund.", Policy(forbidden=("full refund",)))

    assert [(each.check, each.start, each.end) for each in found] == [("policy/forbidden", 13, 24)]


def test_forbidden_phrase_is_no_pattern_and_no_part_of_a_word():
    assert broken("abc", Policy(forbidden=("a.c",))) == []
    assert broken("unrefundable", Policy(forbidden=("refund",))) == []


def test_what_is_not_looked_for_is_not_found():
    answer = f"{SECRETS[1]} ada@lovelace.org"

    assert broken(answer, Policy(secrets=False, personal=False)) == []


def test_findings_of_one_pattern_are_bounded():
    found = broken("ada@lovelace.org " * 100, Policy())

    assert len(found) == MOST_FOUND


@given(st.from_regex(r"[0-9]{13,19}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_check_digit_of_a_card_finds_every_single_wrong_digit(digits, at, shift):
    wrong = f"{digits[:at]}{(int(digits[at]) + shift) % 10}{digits[at + 1 :]}"

    assert not (passes_luhn(digits) and passes_luhn(wrong))


def test_account_needs_its_check_digits_and_a_length():
    assert is_iban("FR14 2004 1010 0505 0001 3M02 606")
    assert not is_iban("FR15 2004 1010 0505 0001 3M02 606")
    assert not is_iban("FR14")


WORDS = st.sampled_from(
    ["\u212a", "k", "\u017f", "S", "\u0130st", "ist", "\u0131st", "STRASSE", "straße", "\u01c5"]
)


@given(st.lists(WORDS, min_size=1, max_size=2), st.lists(WORDS, max_size=6))
def test_phrase_that_its_pattern_finds_is_never_passed_over(phrase, words):
    answer, pattern = " ".join(words), r"\s{1,8}".join(map(re.escape, phrase))
    is_there = re.search(rf"(?<!\w){pattern}(?!\w)", answer, re.IGNORECASE) is not None

    found = broken(answer, Policy((" ".join(phrase),), secrets=False, personal=False))

    assert bool(found) == is_there
