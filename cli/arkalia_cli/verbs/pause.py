"""`arkalia pause` and `arkalia resume`: keep the operator from writing, and let it write again."""

from __future__ import annotations

from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, verb


@verb
def pause(
    target: Target, system: SystemArgument = None, output: OutputOption = Output.TEXT
) -> None:
    """Keep the operator from writing anything of a system but its status.

    It writes `spec.changes.pause`: where a program keeps the spec as in a repository, write it there.
    """
    _write(target, system, output, paused=True)


@verb
def resume(
    target: Target, system: SystemArgument = None, output: OutputOption = Output.TEXT
) -> None:
    """Let the operator go on with a system that was paused."""
    _write(target, system, output, paused=False)


def _write(target: Target, system: str | None, output: Output, *, paused: bool) -> None:
    from arkalia_cli.cluster import systems
    from arkalia_cli.cluster.approvals import pause as write
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.output import show
    from arkalia_cli.views import pause as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    found = systems.one(cluster, system)
    write(cluster, found, paused=paused)
    name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
    show(output, view.text(name, paused=paused), view.data(namespace, name, paused=paused))
