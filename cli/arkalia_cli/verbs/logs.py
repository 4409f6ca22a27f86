"""`arkalia logs`: what all modules of a system write, joined."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from arkalia_cli.durations import seconds
from arkalia_cli.options import Output, OutputOption, SinceOption, SystemArgument, Target, verb

LINES: Final = 50
"""Last lines of each container that are shown without a word of the user's."""

Modules = Annotated[
    list[str] | None,
    typer.Option(
        "--module", "-m", help="Only this module or data service; may be given several times."
    ),
]


@dataclass(frozen=True, slots=True)
class Extent:
    """Which of the lines to show."""

    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines, also of new pods.")
    ] = False
    since: SinceOption = None
    tail: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"Last lines of each container. By default {LINES}, or all with --since.",
            show_default=False,
        ),
    ] = None  # fmt: skip

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the API server's log."""
        tail = LINES if self.tail is None and self.since is None else self.tail
        asked = {"tailLines": tail, "sinceSeconds": self.since and seconds(self.since)}
        return {key: str(value) for key, value in asked.items() if value is not None}


@verb
def logs(
    target: Target,
    extent: Extent,
    system: SystemArgument = None,
    modules: Modules = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what all modules of a system write, joined in time, each line with module and pod.

    Data services and migrations are among them. With `-o json` each line is an object.
    """
    from arkalia_cli.cluster import children, reading, systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.output import show_each
    from arkalia_cli.views import logs as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    name = systems.one(cluster, system)["metadata"]["name"]
    found = view.chosen(children.sources(cluster, name), modules or [])

    def look() -> list[view.Source]:
        every = children.sources(cluster, name)
        return [each for each in every if not modules or each.module in modules]

    if extent.follow:
        entries = reading.Follower(cluster, look, extent.query).entries()
    else:
        entries = view.joined([reading.read(cluster, each, extent.query) for each in found])
    with suppress(KeyboardInterrupt):
        show_each(output, entries, view.text, view.data)
