"""`arkalia explain`: a condition, reason or alert, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from arkalia_cli.completion import words
from arkalia_cli.options import Output, OutputOption, verb

WordArgument = Annotated[
    str | None,
    typer.Argument(
        help="A condition's type, a reason or an alert. Without it all are listed.",
        autocompletion=words,
        show_default=False,
    ),
]


@verb
def explain(word: WordArgument = None, output: OutputOption = Output.TEXT) -> None:
    """Tell what a condition, reason or alert means, and what to do. Needs no cluster."""
    from arkalia_cli.knowledge import load
    from arkalia_cli.output import markdown, show
    from arkalia_cli.views import explain as view

    known = load()
    if word is None:
        show(output, view.contents(known), known)
        return
    name = view.meant(word, known)
    show(output, markdown(view.page(name, known[name])), {"word": name, **known[name]})
