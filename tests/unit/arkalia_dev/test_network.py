from ipaddress import IPv4Network
from pathlib import Path

from arkalia_dev.binaries import Binaries
from arkalia_dev.identity import Identity
from arkalia_dev.network import actions, used_networks
from arkalia_dev.node_config import NodeConfig
from arkalia_dev.subnets import Subnets

TABLE = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0
eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
ark 0080DC0A 02C0DC0A 0003 0 0 0 00C0FFFF 0 0 0
"""


def test_used_networks_are_those_of_the_routes_but_the_default(tmp_path):
    table = tmp_path / "route"
    table.write_text(TABLE)

    assert used_networks(table) == [IPv4Network("192.0.2.0/24"), IPv4Network("10.220.128.0/18")]


def test_cable_leads_to_pods_and_services():
    config = NodeConfig("abc123", Subnets(220), Binaries(Path(), Path(), None))

    lines = [action.text() for action in actions(config, Identity(7, 0, ""))]

    assert lines[0] == "ip link add ark-abc123 type veth peer name eth0 netns 7"
    assert "ip route add 10.220.0.0/17 via 10.220.192.2" in lines
    assert "ip route add 10.220.128.0/18 via 10.220.192.2" in lines


def test_interface_name_fits_into_what_the_kernel_allows():
    assert len(NodeConfig.interface_of("abc123")) <= 15
