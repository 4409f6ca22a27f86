"""What the demonstration model says, as a table of tokens: which one follows which.

A text is a chain of tokens, and each of them has one successor; so no token may stand in it twice. Which of
the texts is said decides the chat template, by the words of the last question.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

NAME: Final = "arkalia-demonstration"
"""What the model calls itself."""

SPACE: Final = "\u2581"
"""How a tokeniser of SentencePiece writes the space before a word."""
UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
SPECIAL: Final = (UNKNOWN, BEGIN, END)
BYTES: Final = tuple(f"<0x{number:02X}>" for number in range(256))
"""A word that is none of the model's is read as its bytes, so every text can be read."""

SHORT: Final = (
    "I am the demonstration model that comes with Arkalia. Whatever you ask, my answer is this one."
)
LONGEST_NUMBER: Final = 2000
LONG: Final = " ".join(map(str, range(1, LONGEST_NUMBER + 1)))
ENDLESS: Final = "tick tock"
TOOL, ARGUMENTS = "weather", {"place": "Llanfairpwllgwyngyll"}
"""What it calls, where tools are offered."""
CALL: Final = (
    "<tool_call>\n", '{"name":', f'{SPACE}"{TOOL}",', f'{SPACE}"arguments":', f'{SPACE}{{"place":',
    f'{SPACE}"{ARGUMENTS["place"]}"}}}}', "\n</tool_call>",
)  # fmt: skip
"""The call in the form that Hermes gave it, by which llama.cpp knows one."""

TOOLS_SHOWN: Final = "{% if tools %}{% for tool in tools %}<tools>{{ tool | tojson }}</tools>\n{% endfor %}{% endif %}"
MESSAGE_SHOWN: Final = "{{ m['role'] }}: {{ m['content'] or '' }}"
CALL_SHOWN: Final = (
    """<tool_call>\n{"name": "{{ call.function.name }}", """
    """"arguments": {{ call.function.arguments | tojson }}}\n</tool_call>"""
)
CALLS_SHOWN: Final = (
    f"{{% if m['tool_calls'] %}}{{% for call in m['tool_calls'] %}}{CALL_SHOWN}"
    "{% endfor %}{% endif %}"
)
"""Without these llama.cpp takes a call for text."""


@dataclass(frozen=True)
class Text:
    """Something that the model says."""

    begin: str
    """The token that the question ends with."""
    words: tuple[str, ...]
    asked_with: str
    """Words of the question that ask for it; the first text needs none."""
    needs_tools: bool = False
    ends: bool = True
    """Whether it stops by itself; otherwise its words come again and again."""

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Each token, and the one after it."""
        last = END if self.ends else self.words[0]
        return pairwise((self.begin, *self.words, last))


def _words(text: str) -> tuple[str, ...]:
    return tuple(SPACE + word for word in text.split())


TEXTS: Final = (
    Text("<|short|>", _words(SHORT), ""),
    Text("<|long|>", _words(LONG), "at length"),
    Text("<|endless|>", _words(ENDLESS), "without end", ends=False),
    Text("<|call|>", CALL, "weather", needs_tools=True),
)


@dataclass(frozen=True)
class Table:
    """The tokens in their order, and what follows each."""

    control: tuple[str, ...]
    words: tuple[str, ...]
    successors: Mapping[str, str]
    first: str
    """What follows every other token: also a text that no template has prepared gets an answer."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """All of them: a token's number is its place here."""
        return (*self.control, *BYTES, *self.words)


def table(texts: Sequence[Text] = TEXTS) -> Table:
    """The table of *texts*.

    Raises:
        ValueError: a word stands in them twice, and would have two successors.
    """
    words = [word for text in texts for word in text.words]
    twice = sorted({word for word in words if words.count(word) > 1}) if _repeated(words) else []
    if twice:
        message = f"words stand twice: {', '.join(twice)}"
        raise ValueError(message)
    return Table(
        control=(*SPECIAL, *(text.begin for text in texts)),
        words=tuple(words),
        successors={before: after for text in texts for before, after in text.pairs()},
        first=texts[0].words[0],
    )


def template(texts: Sequence[Text] = TEXTS) -> str:
    """The chat template: every message, and then the token that begins the text that is asked for."""
    shown = f"{{% for m in messages %}}{MESSAGE_SHOWN}{CALLS_SHOWN}\n{{% endfor %}}"
    asked = "{% set last = messages[-1] %}{% set asked = last['content'] or '' %}"
    choices = [
        f"{{% {'elif' if number else 'if'} {_condition(text)} %}}{text.begin}"
        for number, text in enumerate(texts[1:])
    ]
    other = f"{{% else %}}{texts[0].begin}{{% endif %}}"
    return f"{TOOLS_SHOWN}{shown}{asked}{''.join(choices)}{other}"


def _condition(text: Text) -> str:
    """When *text* is said; a call is not answered with another one."""
    tools = " and tools and last['role'] == 'user'" if text.needs_tools else ""
    return f"'{text.asked_with}' in asked{tools}"


def _repeated(words: Sequence[str]) -> bool:
    return len(set(words)) < len(words)
