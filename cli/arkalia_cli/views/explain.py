"""A word of the API or an alert, with its meaning and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from arkalia_cli.errors import NotFoundError, close_matches

Known = Mapping[str, Mapping[str, Any]]


def meant(word: str, known: Known) -> str:
    """The word of *known* that *word* is, however it is capitalised. Raises NotFoundError."""
    by_lower = {each.lower(): each for each in known}
    if word.lower() not in by_lower:
        message = f"{word} is no condition, reason or alert of Arkalia"
        raise NotFoundError(message, close_matches(word, known, "`arkalia explain` lists all."))
    return by_lower[word.lower()]


def page(name: str, entry: Mapping[str, Any]) -> str:
    """The whole of one *entry*, as Markdown."""
    sections = [f"## {heading}\n\n{body}" for heading, body in entry["sections"].items()]
    return "\n\n".join([f"# {name} ({entry['kind']})", *sections])


def contents(known: Known) -> RenderableType:
    """Every word with its first sentence."""
    table = Table(box=None, pad_edge=False)
    table.add_column("WORD", no_wrap=True)
    table.add_column("KIND", no_wrap=True)
    table.add_column("SAYS")
    for name, entry in known.items():
        table.add_row(name, entry["kind"], Text(entry["summary"]))
    return table
