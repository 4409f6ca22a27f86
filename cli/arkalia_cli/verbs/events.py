"""`arkalia events`: what Kubernetes and the operator told about a system, in order."""

from __future__ import annotations

from datetime import timedelta

from arkalia_cli.durations import before, now, seconds
from arkalia_cli.options import Output, OutputOption, SinceOption, SystemArgument, Target, verb


@verb
def events(
    target: Target,
    system: SystemArgument = None,
    since: SinceOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the Events of a system and of its objects in the order in which they happened.

    Below them stands what may be missing: an operator and a cluster leave Events out.
    """
    from arkalia_cli.api_paths import EVENT, EVENTFUL
    from arkalia_cli.cluster import children, systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.output import show
    from arkalia_cli.views import events as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    body = systems.one(cluster, system)
    objects, refused = children.readable(cluster, EVENTFUL, body["metadata"]["name"])
    found = view.of_system(body, objects, cluster.find(EVENT, cluster.namespace))
    span = view.Span.of(body, now())
    if since:
        moment = before(span.end, timedelta(seconds=seconds(since)))
        found, span = view.since(found, moment), span.since(moment)
    missing = view.left_out(found, span, [kind.name for kind in refused])
    show(output, view.text(found, missing), view.data(found, missing))
