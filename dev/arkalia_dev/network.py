"""The cable between host and node: one veth pair, two addresses, two routes.

The host reaches pods and Services through it, and the node reaches the host. Nothing of it needs to be taken
back: it vanishes with the node's network namespace.
"""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from arkalia_dev.commands import Action, command
from arkalia_dev.identity import Identity
from arkalia_dev.namespace import in_network
from arkalia_dev.node_config import NodeConfig
from arkalia_dev.run import attempt

ROUTES = Path("/proc/net/route")


def used_networks(table: Path = ROUTES) -> list[IPv4Network]:
    """Every IPv4 range that this machine has a route to, its own networks included."""
    rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    networks = [IPv4Network((_address(row[1]), str(_address(row[7])))) for row in rows]
    return [network for network in networks if network.prefixlen]


def _address(word: str) -> IPv4Address:
    """An address as the kernel prints it: eight hexadecimal digits, last byte first."""
    return IPv4Address(bytes.fromhex(word)[::-1])


def exists(interface: str) -> bool:
    """Whether the machine has an interface of that name."""
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
