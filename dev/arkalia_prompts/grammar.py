"""Sentences with alternatives: a template stands for as many texts as it has ways through it.

`⟨a|b|⟩` is one of its parts, of which the last one here is empty; `⟨@topic⟩` is one of the slot's.
Both nest. A bar that is meant as such is written `¦`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

CORPUS: Final = Path(__file__).with_name("corpus")
SLOTS: Final = "slots.txt"
MARKS: Final = re.compile("([⟨|⟩])")


class Template(NamedTuple):
    """A sentence with alternatives, and the family that it belongs to."""

    family: str
    text: str


class Choice(NamedTuple):
    """Alternatives, each a sequence of parts."""

    ways: tuple[tuple[str | Choice, ...], ...]


def templates(folder: Path) -> Iterator[Template]:
    """The templates of all files of *folder*."""
    for path in sorted(folder.glob("*.txt")):
        for section, lines in _sections(path):
            yield from (Template(f"{path.stem}/{section}", line) for line in lines)


def slots(path: Path) -> dict[str, str]:
    """What each slot stands for, as alternatives."""
    return {name: f"⟨{'|'.join(lines)}⟩" for name, lines in _sections(path)}


def expanded(text: str, known: Mapping[str, str], random: Random) -> str:
    """One way through *text*. Raises KeyError for a slot that is not *known*."""
    return "".join(_walk(_parsed(text), known, random)).replace("¦", "|")


def _walk(
    parts: tuple[str | Choice, ...], known: Mapping[str, str], random: Random
) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif (slot := _slot(part)) is not None:
            yield from _walk(_parsed(known[slot]), known, random)
        else:
            yield from _walk(random.choice(part.ways), known, random)


def _slot(choice: Choice) -> str | None:
    match choice.ways:
        case ((str(name),),) if name.startswith("@"):
            return name[1:]
    return None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[str | Choice, ...]:
    marks = iter([*MARKS.split(text), "⟩"])
    [whole] = _ways(marks, bars=False)
    return whole


def _ways(marks: Iterator[str], *, bars: bool) -> list[tuple[str | Choice, ...]]:
    """The alternatives up to the bracket that closes them."""
    ways: list[list[str | Choice]] = [[]]
    for mark in marks:
        if mark == "⟩":
            break
        if mark == "⟨":
            ways[-1].append(Choice(tuple(_ways(marks, bars=True))))
        elif mark == "|" and bars:
            ways.append([])
        elif mark:
            ways[-1].append(mark)
    return [tuple(way) for way in ways]


def _sections(path: Path) -> Iterator[tuple[str, list[str]]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(lines) if re.fullmatch(r"\[[a-z-]+\]", line)]
    for head, following in zip(heads, [*heads[1:], len(lines)], strict=True):
        yield lines[head][1:-1], [line for line in lines[head + 1 : following] if line]
