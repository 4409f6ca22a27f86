"""`arkalia doctor`: what is missing on this cluster, and what the user may do."""

from __future__ import annotations

import typer

from arkalia_cli.errors import Exit
from arkalia_cli.options import Output, OutputOption, Target, verb


@verb
def doctor(target: Target, output: OutputOption = Output.TEXT) -> None:
    """Say what is missing on the cluster, and what you may do in the namespace.

    Ends with 1 if no system can run like this.
    """
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.cluster.facts import gather
    from arkalia_cli.output import show
    from arkalia_cli.views import doctor as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    found = view.findings(gather(cluster))
    show(output, view.text(found), view.data(found))
    if view.something_missing(found):
        raise typer.Exit(Exit.NOT_READY)
