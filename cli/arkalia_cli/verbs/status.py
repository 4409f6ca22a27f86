"""`arkalia status`: systems, their modules, and why something is not ready."""

from __future__ import annotations

from typing import Annotated

import typer

from arkalia_cli.errors import Exit
from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, verb

Everywhere = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Show the systems of all namespaces.")
]


@verb
def status(
    target: Target,
    system: SystemArgument = None,
    everywhere: Everywhere = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show systems as trees: conditions, modules, and the reason of what is not ready.

    Ends with 1 if a system is not ready.
    """
    from arkalia_cli.cluster import systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.cluster.operators import attendances, readable_operators
    from arkalia_cli.output import show
    from arkalia_cli.views import status as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    found = (
        [systems.one(cluster, system)] if system else systems.find(cluster, everywhere=everywhere)
    )
    operators = readable_operators(cluster) if found else None
    told = list(attendances(cluster, found, operators))
    asked = "The cluster" if everywhere else f"Namespace {cluster.namespace}"
    hint = "" if told or everywhere else systems.elsewhere(cluster)
    show(output, view.text(told, asked, hint), view.data(told))
    if not all(each.system.ready for each in told):
        raise typer.Exit(Exit.NOT_READY)
