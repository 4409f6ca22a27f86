"""Names that a shell completes with Tab. Where the cluster does not answer, there are none."""

from __future__ import annotations

from typing import Final

import typer

from arkalia_cli.errors import CliError

ASKS: Final = "_ARKALIA_COMPLETE"
"""The variable by which a shell asks for proposals."""


def script(shell: str) -> str:
    """What *shell* reads to complete the command line."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="arkalia", complete_var=ASKS, shell=shell)


def systems_here(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the namespace's systems that begin with *incomplete*."""
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.cluster.systems import names

    given = context.params
    try:
        cluster = connect(given.get("namespace"), given.get("context"), given.get("kubeconfig"))
        return [name for name in names(cluster) if name.startswith(incomplete)]
    except CliError:
        return []


def words(incomplete: str) -> list[str]:
    """Condition types, reasons and alerts that begin with *incomplete*."""
    from arkalia_cli.knowledge import load

    return [word for word in load() if word.startswith(incomplete)]
