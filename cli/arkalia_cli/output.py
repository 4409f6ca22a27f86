"""Showing a view: coloured on a terminal, plain in a pipe, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.text import Text

from arkalia_cli.options import Output

Item = TypeVar("Item")

WIDE: Final = 10_000
"""Columns of a pipe."""


def show(output: Output, text: RenderableType, data: Any) -> None:
    """Write *text* for people or *data* for programs to standard output."""
    if output is Output.JSON:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    console = terminal()
    if console.is_terminal:
        console.print(text)
        return
    with console.capture() as laid_out:  # tables fill their last column with blanks
        console.print(text)
    print("\n".join(line.rstrip() for line in laid_out.get().splitlines()))


def show_each(
    output: Output,
    items: Iterable[Item],
    text: Callable[[Item], Text],
    data: Callable[[Item], Any],
) -> None:
    """Write *items* one by one as they come, one line for each."""
    console = terminal()
    for item in items:
        if output is Output.JSON:
            print(json.dumps(data(item), ensure_ascii=False), flush=True)
        else:
            console.print(text(item), soft_wrap=True)


def markdown(text: str) -> RenderableType:
    """*text* laid out on a terminal, and as it is in a pipe."""
    return Markdown(text) if terminal().is_terminal else Text(text)


def terminal() -> Console:
    """Standard output. In a pipe lines are as long as what they say."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE, soft_wrap=True)
