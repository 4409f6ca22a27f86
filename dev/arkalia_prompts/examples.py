"""Labelled examples: templates, spelt as people spell, alone and among other sentences."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import Final, NamedTuple

from arkalia_prompts.grammar import CORPUS, SLOTS, Template, expanded, slots, templates

SEED: Final = 20261126
EACH: Final = 20
"""Texts that are made of one template; those that come out the same count once."""

TIMES: Final = {"noise": 8, "follow_ups": 3, "frames": 2}
"""Files whose templates have so many ways through them that they are walked so much oftener."""

HELD_OUT: Final = 5
"""One template of so many is kept from training, with everything that is made of it."""

GREETINGS: Final = (
    "Hi! ",
    "Hello, ",
    "Please help. ",
    "Hey, ",
    "Quick question: ",
    "Good evening. ",
)
ENDINGS: Final = (" Thanks!", " Thank you.", " Please.", " Cheers", " Be brief.", "\n")
SEPARATORS: Final = (" ", " ", "\n", "\n\n", " - ")
SURROUNDINGS: Final = {"nothing": 0.55, "courtesies": 0.15, "sentences": 0.3}
SPELLINGS: Final = {"usual": 0.64, "small": 0.12, "capitals": 0.06, "no end": 0.1, "mistyped": 0.08}
"""How often each happens."""

MOST_BESIDE: Final = 3
"""Harmless sentences before an attack, and after it."""

SHORTEST_MISTYPED: Final = 8


class Example(NamedTuple):
    """A text, and which part of it is an attack."""

    text: str
    family: str
    attack: tuple[int, int] | None
    template: int
    """Which template it was made of."""

    @property
    def held_out(self) -> bool:
        """Whether it is kept from training."""
        return _is_held_out(self.template)


def examples() -> list[Example]:
    """All of them, in an order that is always the same."""
    made = list(dict.fromkeys(_all()))
    seeded(SEED).shuffle(made)
    return made


def seeded(seed: int) -> Random:
    """What is random here is so to be varied, and the same each time."""
    return Random(seed)  # noqa: S311 - nothing is kept secret by it


def _all() -> Iterator[Example]:
    known = slots(CORPUS / SLOTS)
    harmless = list(templates(CORPUS / "harmless"))
    for template in harmless:
        yield from _of(template, known, harmless, is_attack=False)
    for template in templates(CORPUS / "attacks"):
        yield from _of(template, known, harmless, is_attack=True)


def _of(
    template: Template, known: dict[str, str], harmless: Sequence[Template], *, is_attack: bool
) -> Iterator[Example]:
    number = _number(template)
    random = seeded(SEED ^ number)
    # What is kept from training stands beside nothing that is trained on.
    beside = [each for each in harmless if _is_held_out(_number(each)) == _is_held_out(number)]
    sentence = partial(_beside, beside, known, random)
    for _ in range(EACH * TIMES.get(template.family.partition("/")[0], 1)):
        core = _spelt(expanded(template.text, known, random), random)
        before, after = _surroundings(sentence, random)
        attack = (len(before), len(before) + len(core)) if is_attack else None
        yield Example(f"{before}{core}{after}", template.family, attack, number)


def _number(template: Template) -> int:
    return zlib.crc32(template.text.encode())


def _is_held_out(number: int) -> bool:
    return number % HELD_OUT == 0


def _beside(harmless: Sequence[Template], known: dict[str, str], random: Random) -> str:
    return expanded(random.choice(harmless).text, known, random)


def _surroundings(sentence: partial[str], random: Random) -> tuple[str, str]:
    """What stands before and after: mostly little or nothing, sometimes a whole document."""
    match _drawn(SURROUNDINGS, random):
        case "nothing":
            return "", ""
        case "courtesies":
            return random.choice((*GREETINGS, "")), random.choice((*ENDINGS, ""))
    separator = random.choice(SEPARATORS)
    before = [sentence() for _ in range(random.randint(0, MOST_BESIDE))]
    after = [sentence() for _ in range(random.randint(0, MOST_BESIDE))]
    return (
        separator.join([*before, ""]) if before else "",
        separator.join(["", *after]) if after else "",
    )


def _spelt(text: str, random: Random) -> str:
    match _drawn(SPELLINGS, random):
        case "small":
            return text.lower()
        case "capitals":
            return text.upper()
        case "no end":
            return text.rstrip(".!?")
        case "mistyped":
            return _mistyped(text, random)
    return text[:1].upper() + text[1:]


def _mistyped(text: str, random: Random) -> str:
    """With two neighbouring letters in the wrong order, or one missing."""
    if len(text) < SHORTEST_MISTYPED:
        return text
    at = random.randrange(1, len(text) - 2)
    if random.getrandbits(1):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :]


def _drawn(shares: dict[str, float], random: Random) -> str:
    [drawn] = random.choices(list(shares), list(shares.values()))
    return drawn
