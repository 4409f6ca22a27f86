"""What a model says: whether it gives away what it was told, or carries something out of the house.

The last layer, and the one that does not depend on how an attack was worded: it looks at what came of
it.
"""

import re
from collections.abc import Iterator
from typing import Final

from arkalia_assistantia.prompts import canary as canaries
from arkalia_assistantia.prompts import normalisation
from arkalia_assistantia.prompts.findings import Finding

SHINGLE: Final = 7
"""Words in a row that two texts do not have in common by chance."""

MOST_SHINGLES: Final = 4000
"""Of the instructions: the first 4,000 words are looked for."""

LONGEST: Final = 262_144
"""Characters of an answer that are looked at."""

WINDOW: Final = 4_096
"""Characters in which a pattern is looked for at a time."""
BEYOND: Final = 1_024
"""Characters by which what begins in a window may reach out of it."""

WORD: Final = re.compile(r"\w{1,40}")
OUT_OF_THE_HOUSE: Final = (
    (
        re.compile(r"!\[[^\]\n]{0,200}\]\(\s?https?://[^)\s]{1,200}[?&=][^)\s]{8,}"),
        "ImageCarriesData",
        "An image is fetched from an address with data in it, without anybody's click.",
        0.6,
    ),
    (
        re.compile(
            r"(?i)<(?:img|iframe|script|link|object)\b[^>]{0,200}(?:src|href|data)\s?=\s?[\"']?https?:"
        ),
        "MarkupLoadsFromElsewhere",
        "Markup in the answer loads something from elsewhere.",
        0.6,
    ),
    (
        re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|\x1b\]"),
        "TerminalCommands",
        "It holds commands for a terminal.",
        0.5,
    ),
)
SECRET: Final = re.compile(
    r"(?i)\b(?:pass(?:word|phrase|code)|secret|key|token|code ?word|pin|credential)s?\b"
    r"[^\n.;]{0,40}?(?:\bis\b|\bare\b|[:=])\s{0,3}[\"'`]?([^\s\"'`,;]{4,64})"
)
MOST_SECRETS: Final = 20
SHORTEST_SECRET: Final = 4
"""Characters below which a secret is in an answer by chance."""


def findings(answer: str, instructions: str = "", canary: str = "") -> Iterator[Finding]:
    """What is wrong with *answer*, to a model that had *instructions* with *canary* in them."""
    read = answer[:LONGEST]
    plain = normalisation.cleaned(read)
    if canary:
        yield from canaries.findings(plain, canary)
    for each in _instructions_in(plain.lower(), instructions):
        # Of a text that had to be folded, what stands where is not known any more.
        yield each if plain.lower() == read.lower() else each._replace(start=0, end=len(read))
    yield from _secrets_in(plain, instructions)
    for pattern, reason, message, weight in OUT_OF_THE_HOUSE:
        match = next(_matches(pattern, read), None)
        if match:
            yield Finding("answer", reason, message, *match.span(), weight)
    yield from normalisation.findings_in_all(read)


def _instructions_in(answer: str, instructions: str) -> Iterator[Finding]:
    known = set(_shingles(WORD.findall(instructions.lower())[:MOST_SHINGLES]))
    if not known:
        return
    words = list(WORD.finditer(answer))
    texts = [match.group() for match in words]
    told = [number for number, each in enumerate(_shingles(texts)) if each in known]
    if told:
        share = min(1.0, len({texts[each] for each in told}) / 20)
        message = f"{len(told) + SHINGLE - 1} words in it are those of the system's instructions."
        end = words[told[-1] + SHINGLE - 1].end()
        weight = round(0.5 + share / 2, 2)
        yield Finding("answer", "InstructionsLeaked", message, words[told[0]].start(), end, weight)


def _secrets_in(answer: str, instructions: str) -> Iterator[Finding]:
    squeezed = _squeezed(answer)
    for number, match in enumerate(_matches(SECRET, instructions)):
        if number == MOST_SECRETS:
            return
        secret = _squeezed(match.group(1).rstrip("."))
        if len(secret) >= SHORTEST_SECRET and (secret in squeezed or secret[::-1] in squeezed):
            message = "It holds a secret that stands in the system's instructions."
            yield Finding("answer", "SecretLeaked", message, 0, len(answer), 1.0)
            return


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What *pattern* finds, window by window: nobody else's code runs while it looks at one."""
    for start in range(0, len(text), WINDOW):
        for match in pattern.finditer(text, start, start + WINDOW + BEYOND):
            if match.start() < start + WINDOW:
                yield match


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _shingles(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1))
