"""The node: a complete Kubernetes node in namespaces of its own, for machines without a Docker engine."""

import shutil
import time
from ipaddress import IPv4Network
from pathlib import Path
from string import Template

from arkalia_dev import cgroups, components, namespace, network, record, subnets
from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import Action, Call
from arkalia_dev.components.containerd import SYSTEM_PATH
from arkalia_dev.files import fingerprint, write, write_json
from arkalia_dev.identity import UNKNOWN, Identity
from arkalia_dev.kubeconfigs import write_admin_kubeconfig, write_component_kubeconfigs
from arkalia_dev.locks import locked
from arkalia_dev.node_config import NodeConfig
from arkalia_dev.paths import Paths
from arkalia_dev.run import attempt, perform
from arkalia_dev.sysctls import Sysctls
from arkalia_dev.waiting import wait_until

TEMPLATES = {
    "audit-policy.yaml": "audit-policy.yaml",
    "containerd.toml": "containerd.toml",
    "kubelet.yaml": "kubelet.yaml",
    "cni.conflist": "cni/arkalia.conflist",
}
"""Files of dev/node, and where they go below the state folder."""
RESOLVER = "# Pods ask the cluster's DNS; the node has no other.\n"
KERNEL_MODULES = ("overlay", "br_netfilter", "veth")


class Node:
    """One checkout's node."""

    def __init__(self, paths: Paths, binaries: Binaries) -> None:
        self.paths = paths
        self.binaries = binaries
        self.sysctls = Sysctls(paths.states)

    # Addresses

    def has_addresses(self) -> bool:
        """Whether a slot is written down."""
        known = record.read(self.paths.record)
        return bool(known and known.provider == "node" and known.slot)

    def choose_addresses(self) -> None:
        """Take a free slot; the lock keeps two checkouts from taking the same one."""
        with locked(self.paths.states / "slots.lock"):
            chosen = subnets.choose(self.paths.id, self._taken())
            record.write(self.paths.record, record.Record("node", chosen.slot))

    def _taken(self) -> list[IPv4Network]:
        others = [record.read(path) for path in self.paths.states.glob("*/cluster.json")]
        slots = [other.slot for other in others if other and other.slot]
        return [*network.used_networks(), *(subnets.Subnets(slot).whole for slot in slots)]

    def config(self) -> NodeConfig:
        """The node's facts; before addresses are chosen, those that would be."""
        known = record.read(self.paths.record)
        if known and known.slot:
            return NodeConfig(self.paths.key, subnets.Subnets(known.slot), self.binaries)
        return NodeConfig(
            self.paths.key, subnets.choose(self.paths.id, self._taken()), self.binaries
        )

    # Start

    def made_of(self) -> str:
        """Fingerprint of everything that the running processes were started with."""
        files = [self.paths.dev / "node" / name for name in TEMPLATES]
        files += [self.paths.dev / "arkalia_dev" / "init.py", *self.paths.pki.glob("*.crt")]
        services = components.services(self.config())
        return fingerprint(files, str([service.to_json() for service in services]))

    def is_running(self) -> bool:
        """Whether it runs, and with today's versions and flags."""
        known = record.read(self.paths.record)
        return bool(known and known.is_running() and known.made_of == self.made_of())

    def init(self) -> Identity:
        """The first process of the node; a placeholder before the first start."""
        known = record.read(self.paths.record)
        return known.init if known and known.init else UNKNOWN

    def start_actions(self) -> list[Action]:
        """What starts the node anew with the state that an earlier run left."""
        config = self.config()
        told = [action.text() for action in network.actions(config, UNKNOWN)]
        lines = "".join(f"\n#     {line}" for line in told)
        init = f"{' '.join(namespace.NAMESPACES)} --fork python3 -m arkalia_dev.init"
        launch = f"unshare {init} {self.paths.state}, connected before it goes on:{lines}"
        files = f"write the settings of its components to {self.paths.state}"
        return [
            Call("end an older node of this checkout, if one runs", self.end),
            Call(f"load the modules {', '.join(KERNEL_MODULES)} if the kernel has them", _modules),
            Call(files, self._write_files),
            Call(f"make the control group {config.cgroup}", lambda: cgroups.create(config.cgroup)),
            Call(launch, self._launch),
        ]

    def _write_files(self) -> None:
        config = self.config()
        for source, target in TEMPLATES.items():
            template = Template((self.paths.dev / "node" / source).read_text(encoding="utf-8"))
            file = self.paths.state / target
            file.parent.mkdir(mode=0o700, exist_ok=True)
            write(file, template.safe_substitute(config.facts()))
        write(self.paths.state / "resolv.conf", RESOLVER)
        rows = [service.to_json() for service in components.services(config)]
        write_json(self.paths.state / "node.json", rows)
        write_component_kubeconfigs(self.paths.state)
        write_admin_kubeconfig(self.paths.kubeconfig, self.paths.pki, config.subnets)

    def _launch(self) -> None:
        # Nothing of the caller's own environment: a proxy meant for the host would mislead the node.
        environment = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "PYTHONPATH": str(self.paths.dev)}
        newborn = namespace.create(self.paths.state, environment)
        record.update(
            self.paths.record,
            init=newborn.identity,
            made_of=self.made_of(),
            launched=time.time(),
        )
        log = self.paths.logs / "network.log"
        for action in network.actions(self.config(), newborn.identity):
            perform(action, log)
        newborn.go()

    def launched(self) -> float:
        """When the node was started, in seconds since 1970."""
        known = record.read(self.paths.record)
        return known.launched if known else 0.0

    # End

    def end(self) -> None:
        """End the node's processes; its state stays."""
        known = record.read(self.paths.record)
        if known and known.init:
            namespace.end(known.init)
        cable = NodeConfig.interface_of(self.paths.key)
        # The kernel takes it away a moment after the last process of the namespace.
        wait_until(
            f"the interface {cable} is gone",
            lambda: not network.exists(cable),
            namespace.END_SECONDS,
            f"Remove it: ip link delete {cable}",
        )
        cgroups.remove(NodeConfig.cgroup_of(self.paths.key))

    def down(self) -> None:
        """End the node and remove everything of it but the cache."""
        self.end()
        self.sysctls.release(self.paths.id)
        remove_tree(self.paths.state)


def _modules() -> None:
    """Most kernels have them built in or loaded; a missing one shows when it is used."""
    for name in KERNEL_MODULES:
        attempt("modprobe", "--quiet", name)


def remove_tree(folder: Path) -> None:
    """Remove *folder*, its record last: an interrupted removal is continued by the next one."""
    if not folder.exists():
        return
    for entry in folder.iterdir():
        if entry.name == "cluster.json":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.rmtree(folder)
