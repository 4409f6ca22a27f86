"""The repository's Markdown in the dialect of the site.

GitHub nests by the width of a list's mark, the site's reader by four spaces; and it takes one word
after the fence of a block, where ours has a second one that says how far the block is proven.
Pictures of other hosts are left out, since the site asks nobody for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

STEP: Final = 4
ITEM: Final = re.compile(r"( *)((?:[-*]|\d+\.) +)\S")
FENCE: Final = re.compile(r"( *)```(\w*)[^`]*$")
PICTURE_FROM_ELSEWHERE: Final = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")


@dataclass(slots=True)
class _Place:
    """Where the reader is: the columns at which the open list items begin, and the open block."""

    columns: list[int] = field(default_factory=list)
    block: tuple[int, int] | None = None
    """Indent of the open block's fence, before and after."""


def translated(text: str) -> str:
    """*text* with lists nested by four spaces and blocks that name their language alone."""
    place = _Place()
    own = PICTURE_FROM_ELSEWHERE.sub(r"\1", text)
    return "\n".join(_line(line, place) for line in own.split("\n"))


def _line(line: str, place: _Place) -> str:
    if place.block:
        return _inside_block(line, place, *place.block)
    if not line.strip():
        return line
    width = len(line) - len(line.lstrip(" "))
    indent = _indent(width, place)
    if item := ITEM.match(line):
        place.columns.append(width + len(item[2]))
    if fence := FENCE.match(line):
        place.block = (width, indent)
        return f"{' ' * indent}```{fence[2]}"
    return " " * indent + line.lstrip(" ")


def _indent(width: int, place: _Place) -> int:
    """The indent of a line that had *width* spaces; items that it ends are forgotten."""
    while place.columns and place.columns[-1] > width:
        place.columns.pop()
    outer = place.columns[-1] if place.columns else 0
    return STEP * len(place.columns) + width - outer


def _inside_block(line: str, place: _Place, before: int, after: int) -> str:
    if line == " " * before + "```":
        place.block = None
    return " " * after + line[before:] if line.strip() else line
