"""Showing a view: coloured on a terminal, plain in a pipe, JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.text import Text

from arkalia_cli.options import Output


def show(output: Output, text: RenderableType, data: Any) -> None:
    """Write *text* for people or *data* for programs to standard output."""
    if output is Output.JSON:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    terminal().print(text)


def markdown(text: str) -> RenderableType:
    """*text* laid out on a terminal, and as it is in a pipe."""
    return Markdown(text) if terminal().is_terminal else Text(text)


def terminal() -> Console:
    """Standard output. In a pipe lines are as long as what they say."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE, soft_wrap=True)


WIDE = 10_000
"""Columns of a pipe."""
