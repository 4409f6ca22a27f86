"""Policy: what an answer must not hold: forbidden words, secrets, data about persons.

Patterns are simple enough to take time in proportion to the text: no repetition stands beside
another that takes the same characters, and each has a bound. Findings never repeat what they found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arkalia_sandozia.findings import Finding, Severity

SHORTEST_CARD: Final = 13
SHORTEST_ACCOUNT: Final = 15
LONGEST_ACCOUNT: Final = 34
MOST_FOUND: Final = 20
"""Findings of one pattern; more of them say nothing new."""

_SECRETS: Final = (
    ("a private key", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\b(?:gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_\w{22,255})"),
    ("a token of GitLab", r"\bglpat-[\w-]{20,64}"),
    ("a token of Slack", r"\bxox[abprs]-[\w-]{10,128}"),
    ("a key of Google", r"\bAIza[\w-]{35}"),
    ("an API key", r"\bsk-[\w-]{20,200}"),
    ("a JSON web token", r"(?<![\w-])eyJ[\w-]{8,256}\.eyJ[\w-]{8,4000}\.[\w-]{8,1024}"),
    ("a password in an address", r"\b[a-z][a-z0-9+]{1,20}://[^\s:/@]{1,64}:[^\s/@]{3,128}@"),
    (
        "a password",
        r"(?i)\b(?:password|passwd|secret|api[_-]?key|access[_-]?token|mot de passe)"
        r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?=[^\s\"']{0,63}\d)[^\s\"',;]{8,128}",
    ),
)
SECRETS: Final = tuple((name, re.compile(pattern)) for name, pattern in _SECRETS)

EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}\b", re.IGNORECASE
)
CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b")
PHONE: Final = re.compile(r"(?<![\w+.-])\+\d{1,3}(?:[ .()-]{0,2}\d{1,4}){3,6}(?![\w-])")

EXAMPLES: Final = re.compile(
    r"@(?:[\w-]{1,63}\.){0,4}example\.(?:com|org|net)$|\.(?:invalid|test)$"
)
"""Addresses that belong to nobody (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an answer may hold."""

    forbidden: tuple[str, ...] = ()
    """Words and phrases, in any case; they are no patterns."""
    secrets: bool = True
    """Whether secrets are looked for."""
    personal: bool = True
    """Whether data about persons is looked for."""


def parts(answer: str, policy: Policy, said: str) -> Iterator[tuple[str, Iterator[Finding]]]:
    """What in *answer* breaks *policy*, part by part: what is looked for, and what is found.

    Nothing is looked for before it is taken. What the user has *said* is no leak of it.
    """
    plain = _plain(answer) if policy.forbidden else ""
    for phrase in policy.forbidden:
        if all(_plain(word) in plain for word in phrase.split()):
            yield "forbidden words", _forbidden(answer, phrase)
    if policy.secrets:
        yield "secrets", _secrets(answer, said)
    if policy.personal:
        yield "data about persons", _personal(answer, said)


def _plain(text: str) -> str:
    """*text* in small letters: a pattern that knows no case finds nothing that is not in it."""
    return text.casefold().replace(_DOT_ABOVE, "").replace(_DOTLESS, "i")


_DOT_ABOVE: Final = "\u0307"
"""What the small form of U+0130 has beside the letter."""
_DOTLESS: Final = "\u0131"
"""A letter that a pattern which knows no case takes for an i."""


def _forbidden(answer: str, phrase: str) -> Iterator[Finding]:
    words = r"\s{1,8}".join(re.escape(word) for word in phrase.split())
    pattern = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    wrong = f"It says “{phrase}”, which the policy forbids."
    for start, end in _places(pattern, answer):
        yield Finding("policy/forbidden", Severity.HIGH, start, end, wrong)


def _secrets(answer: str, said: str) -> Iterator[Finding]:
    for name, pattern in SECRETS:
        for start, end in _places(pattern, answer):
            known = answer[start:end] in said
            severity = Severity.LOW if known else Severity.HIGH
            wrong = f"It holds what looks like {name}{_SAID if known else ''}."
            yield Finding("policy/secret", severity, start, end, wrong)


_SAID: Final = ", which the user has said"


def _personal(answer: str, said: str) -> Iterator[Finding]:
    for name, start, end in _of_persons(answer):
        known = answer[start:end] in said
        severity = Severity.LOW if known else Severity.MEDIUM
        wrong = f"It holds {name}{_SAID if known else ''}."
        yield Finding("policy/personal", severity, start, end, wrong)


def _of_persons(answer: str) -> Iterator[tuple[str, int, int]]:
    for start, end in _places(EMAIL, answer):
        if not EXAMPLES.search(answer[start:end].lower()):
            yield "an e-mail address", start, end
    for start, end in _places(CARD, answer):
        if passes_luhn(answer[start:end]):
            yield "the number of a payment card", start, end
    for start, end in _places(IBAN, answer):
        if is_iban(answer[start:end]):
            yield "the number of a bank account", start, end
    for start, end in _places(PHONE, answer):
        yield "a telephone number", start, end


def _places(pattern: re.Pattern[str], answer: str) -> list[tuple[int, int]]:
    found = []
    for each in pattern.finditer(answer):
        found.append(each.span())
        if len(found) == MOST_FOUND:
            break
    return found


def passes_luhn(text: str) -> bool:
    """Whether the digits of *text* have the check digit of payment cards (ISO/IEC 7812)."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return len(digits) >= SHORTEST_CARD and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether *text* has the check digits of a bank account (ISO 13616)."""
    plain = text.replace(" ", "")
    if not SHORTEST_ACCOUNT <= len(plain) <= LONGEST_ACCOUNT:
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1
