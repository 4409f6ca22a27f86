"""The node: a complete Kubernetes node in namespaces of its own, for machines without a Docker engine."""

import shutil
import time
from pathlib import Path
from string import Template
from typing import Any

from arkalia_dev import cgroups, components, namespace, network, record, subnets
from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import Action, Call
from arkalia_dev.components.containerd import SYSTEM_PATH
from arkalia_dev.errors import DevError
from arkalia_dev.files import fingerprint, write, write_json
from arkalia_dev.identity import Identity
from arkalia_dev.kubeconfigs import write_admin_kubeconfig, write_component_kubeconfigs
from arkalia_dev.locks import locked
from arkalia_dev.node_config import NodeConfig
from arkalia_dev.paths import Paths
from arkalia_dev.run import perform
from arkalia_dev.sysctls import Sysctls

TEMPLATES = {
    "audit-policy.yaml": "audit-policy.yaml",
    "containerd.toml": "containerd.toml",
    "kubelet.yaml": "kubelet.yaml",
    "cni.conflist": "cni/arkalia.conflist",
}
"""Files of dev/node and where they go below the state folder."""
KEPT = ("logs", "etcd", "containerd", "kubelet", "volumes", "pki")
PLACEHOLDER = Identity(pid=0, started=0, boot="")


class Node:
    """One checkout's node."""

    def __init__(self, paths: Paths, binaries: Binaries) -> None:
        self.paths = paths
        self.binaries = binaries
        self.sysctls = Sysctls(paths.states)

    # -- addresses

    def has_addresses(self) -> bool:
        known = record.read(self.paths.record)
        return bool(known and known.provider == "node" and known.slot)

    def choose_addresses(self) -> None:
        """Take a free slot; the lock keeps two checkouts from taking the same one."""
        with locked(self.paths.states / "slots.lock"):
            chosen = subnets.choose(self.paths.id, self._taken())
            record.write(self.paths.record, record.Record("node", chosen.slot))

    def _taken(self) -> list[Any]:
        others = [record.read(path) for path in self.paths.states.glob("*/cluster.json")]
        slots = [other.slot for other in others if other and other.slot]
        return [*network.used_networks(), *(subnets.Subnets(slot).whole for slot in slots)]

    def config(self) -> NodeConfig:
        """The node's facts; before addresses are chosen, those that would be."""
        known = record.read(self.paths.record)
        slot = known.slot if known and known.slot else 0
        chosen = subnets.Subnets(slot) if slot else subnets.choose(self.paths.id, self._taken())
        return NodeConfig(self.paths.key, chosen, self.binaries)

    # -- start

    def made_of(self) -> str:
        """Fingerprint of everything that the running processes were started with."""
        config = self.config()
        files = [self.paths.dev / "node" / name for name in TEMPLATES]
        files += [self.paths.dev / "arkalia_dev" / "init.py", *self.paths.pki.glob("*.crt")]
        return fingerprint(files, str([s.to_json() for s in components.services(config)]))

    def is_running(self) -> bool:
        """Whether it runs with today's versions and flags."""
        known = record.read(self.paths.record)
        return bool(known and known.is_running() and known.made_of == self.made_of())

    def init(self) -> Identity:
        """The first process of the running node."""
        known = record.read(self.paths.record)
        return known.init if known and known.init else PLACEHOLDER

    def start_actions(self) -> list[Action]:
        config = self.config()
        told = [action.text() for action in network.actions(config, PLACEHOLDER)]
        lines = "".join(f"\n#     {line.replace(' 0 ', ' $INIT ')}" for line in told)
        spaces = " ".join(namespace.NAMESPACES)
        return [
            Call("end an older node of this checkout, if one runs", self.end),
            Call(f"write the settings of its components to {self.paths.state}", self._write_files),
            Call(f"make the control group {config.cgroup}", lambda: cgroups.create(config.cgroup)),
            Call(
                f"unshare {spaces} --fork python3 -m arkalia_dev.init {self.paths.state}, and before it"
                f" goes on, connect it:{lines}",
                self._launch,
            ),
        ]

    def _write_files(self) -> None:
        config = self.config()
        facts = {
            "cgroup": config.cgroup,
            "dns": config.subnets.dns,
            "pause": config.pause_image,
            "pods": config.subnets.pods,
            "snapshotter": config.snapshotter,
        }
        for source, target in TEMPLATES.items():
            text = (self.paths.dev / "node" / source).read_text()
            file = self.paths.state / target
            file.parent.mkdir(mode=0o700, exist_ok=True)
            write(file, Template(text).safe_substitute(facts))
        write(self.paths.state / "resolv.conf", "# Pods ask the cluster's DNS; the node has no other.\n")
        rows = [service.to_json() for service in components.services(config)]
        write_json(self.paths.state / "node.json", rows)
        write_component_kubeconfigs(self.paths.state)
        write_admin_kubeconfig(self.paths.kubeconfig, self.paths.pki, config.subnets)

    def _launch(self) -> None:
        # Nothing of the caller's own environment: a proxy meant for the host would mislead the node.
        environment = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "PYTHONPATH": str(self.paths.dev)}
        newborn = namespace.create(self.paths.state, environment)
        record.update(self.paths.record, init=newborn.identity, made_of=self.made_of())
        log = self.paths.logs / "network.log"
        for action in network.actions(self.config(), newborn.identity):
            perform(action, log)
        newborn.go()

    # -- end

    def end(self) -> None:
        """End the node's processes; its state stays."""
        known = record.read(self.paths.record)
        if known and known.init:
            namespace.end(known.init)
        config = self.config()
        self._wait_for_cable(config.interface)
        cgroups.remove(config.cgroup)

    def _wait_for_cable(self, interface: str) -> None:
        """The kernel takes the interface away a moment after the last process of the namespace."""
        deadline = time.monotonic() + namespace.END_SECONDS
        while network.exists(interface):
            if time.monotonic() > deadline:
                message = f"The interface {interface} is still there although the node has ended."
                raise DevError(message, f"Remove it: ip link delete {interface}")
            time.sleep(0.05)

    def down(self) -> None:
        """End the node and remove everything of it but the cache."""
        self.end()
        self.sysctls.release(self.paths.id)
        remove_tree(self.paths.state)


def remove_tree(folder: Path) -> None:
    """Remove *folder*, whose record goes last: an interrupted removal is continued by the next one."""
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
