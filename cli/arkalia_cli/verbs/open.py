"""`arkalia open`: a way from this machine to the gateway of a system."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, tell, verb
from arkalia_cli.system import GATEWAY


@dataclass(frozen=True, slots=True)
class Way:
    """Where the way begins and where it leads."""

    module: Annotated[str, typer.Option("--module", "-m", help="The module that it leads to.")] = (
        GATEWAY
    )
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of this machine; 0 is a free one.")
    ] = 0
    browser: Annotated[bool, typer.Option("--browser", help="Open it in the browser.")] = False


@verb
def open_(
    target: Target,
    way: Way,
    system: SystemArgument = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Lead a port of this machine to the gateway of a system, and print its URL.

    It goes through the API server, and the gateway's certificate is checked against the authority of
    the system, so nothing has to be trusted by hand. Ctrl-C closes it.
    """
    import asyncio
    import webbrowser

    from arkalia_cli.cluster import gateway, systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.cluster.tunnel import DIAL_SECONDS, HERE, Tunnel
    from arkalia_cli.views import open as view

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    name = systems.one(cluster, system)["metadata"]["name"]
    found = gateway.find(cluster, name, way.module)

    def opened(port: int) -> None:
        url = f"http://{HERE}:{port}"
        told = view.data(url, found.host, (cluster.namespace, name), way.module)
        print(json.dumps(told) if output is Output.JSON else view.text(told), flush=True)
        if way.browser:
            webbrowser.open(url)

    if output is Output.TEXT:
        typer.echo(f"Waiting for {found.host}, at most {DIAL_SECONDS:g} s.", err=True)

    async def keep_open() -> None:
        await Tunnel(cluster, found, tell).keep_open(way.port, opened)

    asyncio.run(keep_open())
