"""The cable between host and node: one veth pair, two addresses, two routes.

The host reaches pods and Services through it, and the node reaches the host. Nothing of it needs to be taken
back: it vanishes with the node's network namespace.
"""

import json
from ipaddress import IPv4Network, ip_network

from arkalia_dev.commands import Action, command
from arkalia_dev.identity import Identity
from arkalia_dev.namespace import in_network
from arkalia_dev.node_config import NodeConfig
from arkalia_dev.run import attempt, output


def used_networks() -> list[IPv4Network]:
    """Every IPv4 range that this machine has a route or an address in."""
    found = []
    for route in json.loads(output("ip", "-json", "-4", "route", "show", "table", "all") or "[]"):
        destination = route.get("dst", "default")
        if destination != "default" and destination != "0.0.0.0":  # noqa: S104 - compared, not bound
            found.append(ip_network(destination, strict=False))
    return [network for network in found if isinstance(network, IPv4Network)]


def exists(interface: str) -> bool:
    return attempt("ip", "link", "show", interface).returncode == 0


def actions(config: NodeConfig, init: Identity) -> list[Action]:
    """What connects the node's network namespace with the host."""
    subnets, host = config.subnets, config.interface
    length = subnets.cable.prefixlen
    inside = [
        ("ip", "link", "set", "lo", "up"),
        ("ip", "address", "add", f"{subnets.node}/{length}", "dev", "eth0"),
        ("ip", "link", "set", "eth0", "up"),
    ]
    peer = ("peer", "name", "eth0", "netns", str(init.pid))
    return [
        command("ip", "link", "add", host, "type", "veth", *peer),
        command("ip", "address", "add", f"{subnets.host}/{length}", "dev", host),
        command("ip", "link", "set", host, "up"),
        *(command(*in_network(init, *words)) for words in inside),
        command("ip", "route", "add", str(subnets.pods), "via", str(subnets.node)),
        command("ip", "route", "add", str(subnets.services), "via", str(subnets.node)),
    ]
