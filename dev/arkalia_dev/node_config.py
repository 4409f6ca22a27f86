"""What the node is made of, as values: the facts that every component's command line is written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arkalia_dev.binaries import Binaries
from arkalia_dev.init import HOME
from arkalia_dev.subnets import Subnets

PKI = HOME / "pki"
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")


@dataclass(frozen=True)
class NodeConfig:
    """The facts of one node; those that only name things are known from the key alone."""

    key: str
    subnets: Subnets
    binaries: Binaries
    snapshotter: str = "overlayfs"

    def program(self, name: str) -> str:
        """The path of a program in the cache."""
        return str(self.binaries.program(name))

    @property
    def pause_image(self) -> str:
        """The image of every pod's first process."""
        return node_image("pause", self.binaries.versions.components["pause"].version)

    @property
    def cgroup(self) -> str:
        """The control group below which all pods run."""
        return self.cgroup_of(self.key)

    @property
    def interface(self) -> str:
        """The host's end of the cable."""
        return self.interface_of(self.key)

    @staticmethod
    def cgroup_of(key: str) -> str:
        """The control group of the cluster *key*, whose other facts may be lost."""
        return f"/arkalia-{key}"

    @staticmethod
    def interface_of(key: str) -> str:
        """The interface of the cluster *key*; the kernel allows 15 letters."""
        return f"ark-{key}"

    def facts(self) -> dict[str, object]:
        """What the files of dev/node are filled in with."""
        return {
            "cgroup": self.cgroup,
            "dns": self.subnets.dns,
            "pause": self.pause_image,
            "pods": self.subnets.pods,
            "snapshotter": self.snapshotter,
        }


def node_image(name: str, version: str) -> str:
    """The reference of one of the node's own images."""
    return f"localhost/arkalia-node/{name}:{version}"


@dataclass(frozen=True)
class Service:
    """A component: its command line, and what must answer before it is started."""

    name: str
    argv: tuple[str, ...]
    gate: str = ""
    env: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The row that init reads."""
        row = {"name": self.name, "argv": list(self.argv)}
        return {**row, "gate": self.gate, "env": dict(self.env)}


def flags(**values: object) -> tuple[str, ...]:
    """`a_b="c"` as `--a-b=c`; booleans in lower case, sequences joined by commas."""
    return tuple(f"--{name.replace('_', '-')}={_word(value)}" for name, value in values.items())


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return str(value)
