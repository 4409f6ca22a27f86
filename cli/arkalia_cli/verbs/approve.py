"""`arkalia approve`: let the changes in that wait."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, verb

SHOWN: Final = "`arkalia plan` shows what waits."

HashOption = Annotated[
    str | None,
    typer.Option(
        "--hash", help="Of the plan that was looked at. Without it, of the one that waits now.",
        show_default=False,
    ),
]  # fmt: skip
ReasonOption = Annotated[str, typer.Option(help="Why, for those who read it later.")]


@verb
def approve(
    target: Target,
    system: SystemArgument = None,
    plan: HashOption = None,
    reason: ReasonOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Approve the plan of a system: an ArkaliaAction in your name, which the operator obeys.

    You need the verb `approve` on arkaliasystems, which the cluster's role `admin` has.
    """
    from arkalia_cli.cluster import systems
    from arkalia_cli.cluster.approvals import approve as create
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.errors import MistakeError
    from arkalia_cli.output import show
    from arkalia_cli.views import approve as view
    from arkalia_cli.views.plan import Waiting

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    told = Waiting.from_body(systems.one(cluster, system))
    if not told.hash:
        message = f"there is nothing to approve in {told.name}: no change waits"
        raise MistakeError(message, SHOWN)
    if plan and plan != told.hash:
        message = f"plan {plan} is not the one that waits in {told.name}: that is {told.hash}"
        raise MistakeError(message, SHOWN)
    made = create(cluster, told, reason)
    show(output, view.text(told, made), view.data(told, made))
