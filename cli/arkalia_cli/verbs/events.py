"""`arkalia events`: what Kubernetes and the operator told about a system, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from arkalia_cli.durations import seconds
from arkalia_cli.options import Output, OutputOption, Place, SinceOption, SystemArgument, verb


@verb
def events(
    place: Place,
    system: SystemArgument = None,
    since: SinceOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the Events of a system and of its objects in the order in which they happened."""
    from arkalia_cli.cluster import children, systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.output import show
    from arkalia_cli.views import events as view

    cluster = connect(place.namespace, place.context, place.kubeconfig)
    found = view.of_system(*children.with_events(cluster, systems.one(cluster, system)))
    if since:
        begin = datetime.now(UTC) - timedelta(seconds=seconds(since))
        found = view.since(found, begin.strftime("%Y-%m-%dT%H:%M:%SZ"))
    show(output, view.text(found), view.data(found))
