"""What a cluster needs beyond its components: DNS, resource metrics and volumes.

Images of the node's add-ons are written here too: each holds one static program.
"""

import platform
from dataclasses import dataclass
from pathlib import Path
from string import Template

from arkalia_dev.archive import ProgramImage, write_archive
from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.files import fingerprint
from arkalia_dev.node_config import node_image
from arkalia_dev.packages import QUIET
from arkalia_dev.run import output
from arkalia_dev.subnets import Subnets

PROGRAMS = ("pause", "coredns", "metrics-server", "local-path-provisioner")
BUSYBOX = node_image("busybox", "1")
NODE_TRUST = "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
KIND_TRUST = "--kubelet-insecure-tls"
"""kind's kubelets sign their own certificates."""


@dataclass(frozen=True)
class Addons:
    """The add-ons of the node."""

    binaries: Binaries
    manifests: Path

    def reference(self, name: str) -> str:
        """The image of an add-on."""
        return node_image(name, self.binaries.versions.components[name].version)

    def references(self) -> list[str]:
        """Every image that the node's add-ons run."""
        return [*(self.reference(name) for name in PROGRAMS), BUSYBOX]

    def archive(self) -> Path:
        """The archive of all of them in the cache, named by what is in it."""
        folders = [
            str(self.binaries.folder(self.binaries.versions.components[x])) for x in PROGRAMS
        ]
        return self.binaries.cache / "images" / f"node-{fingerprint((), *folders, BUSYBOX)}.tar"

    @property
    def _busybox(self) -> Path:
        return self.binaries.cache / "busybox" / "busybox"

    def has_busybox(self) -> bool:
        """Whether nothing needs to be fetched: the program is there, or the archive that it is for."""
        return self.archive().exists() or self._busybox.exists()

    def busybox_actions(self) -> list[Action]:
        """What unpacks Debian's static busybox; it is not installed."""
        folder = self._busybox.parent
        package = "apt-get download busybox-static && dpkg-deb --extract *.deb ."
        return [
            Call(f"make the folder {folder}", lambda: folder.mkdir(parents=True, exist_ok=True)),
            command("apt-get", "update", env=QUIET, timeout=5 * MINUTE),
            command(
                "sh",
                "-c",
                f"rm -rf * && {package} && mv bin/busybox .",
                cwd=folder,
                timeout=5 * MINUTE,
            ),
        ]

    def archive_actions(self) -> list[Action]:
        """What writes the archive."""
        return [Call(f"write {self.archive()}", self._write)]

    def _write(self) -> None:
        programs = [
            ProgramImage(self.reference(name), self.binaries.program(name), name)
            for name in PROGRAMS
        ]
        names = output(self._busybox, "--list").split()
        links = tuple(f"bin/{name}" for name in names if name != "busybox")
        shell = ProgramImage(BUSYBOX, self._busybox, "bin/busybox", links, ("/bin/sh",))
        write_archive(self.archive(), (*programs, shell), platform.machine())

    def manifest(self, subnets: Subnets) -> str:
        """All objects of the node's add-ons."""
        facts = {
            "busybox": BUSYBOX,
            "coredns": self.reference("coredns"),
            "dns": str(subnets.dns),
            "local_path": self.reference("local-path-provisioner"),
        }
        parts = ("coredns", "local-path")
        texts = [Template(self._text(part)).substitute(facts) for part in parts]
        own = self.metrics_server(self.reference("metrics-server"), "Never", NODE_TRUST)
        return "\n---\n".join([*texts, own])

    def metrics_server(self, image: str, pull_policy: str, trust: str) -> str:
        """The objects of metrics-server: on kind it is the only add-on that is missing."""
        facts = {"metrics_server": image, "pull_policy": pull_policy, "kubelet_trust": trust}
        return Template(self._text("metrics-server")).substitute(facts)

    def _text(self, name: str) -> str:
        return (self.manifests / f"{name}.yaml").read_text(encoding="utf-8")
