"""Address ranges: each cluster on a machine gets a /16 of its own that nothing else on it uses.

A slot is the second number of 10.N.0.0/16. Pods have the lower half, Services the third quarter and
the cable between host and node lies at the start of the fourth.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from arkalia_dev.errors import DevError

SLOTS = range(201, 225)
"""Away from the ranges that home networks, Docker, podman, k3s and kubeadm take by default."""


@dataclass(frozen=True)
class Subnets:
    """The addresses of the cluster in one slot."""

    slot: int

    @property
    def whole(self) -> IPv4Network:
        """Everything that the cluster uses."""
        return IPv4Network(f"10.{self.slot}.0.0/16")

    @property
    def pods(self) -> IPv4Network:
        """Pods' addresses."""
        return IPv4Network(f"10.{self.slot}.0.0/17")

    @property
    def services(self) -> IPv4Network:
        """Services' addresses."""
        return IPv4Network(f"10.{self.slot}.128.0/18")

    @property
    def cable(self) -> IPv4Network:
        """The two ends of the connection between host and node."""
        return IPv4Network(f"10.{self.slot}.192.0/30")

    @property
    def host(self) -> IPv4Address:
        """The host's end of the cable."""
        return self.cable[1]

    @property
    def node(self) -> IPv4Address:
        """The node's end of the cable: the API server's address."""
        return self.cable[2]

    @property
    def kubernetes(self) -> IPv4Address:
        """The Service `kubernetes`: always the first address."""
        return self.services[1]

    @property
    def dns(self) -> IPv4Address:
        """The cluster's DNS."""
        return self.services[10]


def choose(key: str, taken: Iterable[IPv4Network]) -> Subnets:
    """A free slot, the same one for the same *key* whenever it is free.

    Raises:
        DevError: every slot overlaps a route or an address of this machine.
    """
    used = tuple(taken)
    first = int(hashlib.sha256(key.encode()).hexdigest(), 16) % len(SLOTS)
    for slot in (*SLOTS[first:], *SLOTS[:first]):
        subnets = Subnets(slot)
        if not any(subnets.whole.overlaps(network) for network in used):
            return subnets
    message = f"No free address range among 10.{SLOTS[0]}.0.0/16 to 10.{SLOTS[-1]}.0.0/16."
    advice = "Stop a cluster of another checkout (make down there) or remove a route (ip route)."
    raise DevError(message, advice)
