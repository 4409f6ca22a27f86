"""`arkalia plan`: the changes of a system that wait, or what a file would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from arkalia_cli.errors import Exit, MistakeError
from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, verb


@dataclass(frozen=True, slots=True)
class Rendered:
    """What only the operator's own program can tell."""

    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            "-f",
            help="A file with ArkaliaSystems: what would it change? Asks `arkalia-operator`.",
        ),
    ] = None
    against: Annotated[
        str,
        typer.Option(help="With --file or --upgrade: `cluster`, or the path of a snapshot."),
    ] = "cluster"
    upgrade: Annotated[
        bool,
        typer.Option("--upgrade", help="What would the installed `arkalia-operator` change?"),
    ] = False


@verb
def plan(
    target: Target,
    rendered: Rendered,
    system: SystemArgument = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show which changes of a system wait, which pods they would replace, and why.

    Ends with 7 if changes wait, and with 1 if the operator has not looked at the present spec. With `--file` or `--upgrade` the program `arkalia-operator` answers,
    in the version that is installed beside this one, and its exit code is 0 where nothing would
    change and 2 where something would.
    """
    from arkalia_cli.cluster import systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.cluster.renderer import Question, render
    from arkalia_cli.output import show
    from arkalia_cli.views import plan as view

    if rendered.file or rendered.upgrade:
        if system is not None:
            message = f"--file and --upgrade do not ask about one system, and {system} is named"
            raise MistakeError(message, f"Leave {system} out: the answer names every system.")
        question = Question(rendered.file, rendered.upgrade, rendered.against)
        raise typer.Exit(render(target, question, output.value))
    cluster = connect(target.namespace, target.context, target.kubeconfig)
    told = view.Waiting.from_body(systems.one(cluster, system))
    show(output, view.text(told), view.data(told))
    if told.unseen:
        raise typer.Exit(Exit.NOT_READY)
    if told.waits:
        raise typer.Exit(Exit.WAITING)
