"""The steps of the node way, up to a cluster that can run pods."""

from dataclasses import dataclass
from pathlib import Path

from arkalia_dev import certificates, packages
from arkalia_dev.addons import PROGRAMS, Addons
from arkalia_dev.build_steps import names_of
from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.freshness import pods_are_fresh
from arkalia_dev.init import HOME
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.lanes import CLUSTER, SYSTEM
from arkalia_dev.namespace import inside
from arkalia_dev.node import Node
from arkalia_dev.plan import Step
from arkalia_dev.run import attempt
from arkalia_dev.waiting import wait_until

PACKAGES = "Install Debian packages"
BUSYBOX = "Fetch busybox"
ARCHIVE = "Write the add-ons' images"
START_SECONDS = 120.0
SOCKET = ("--address", "/run/containerd/containerd.sock", "--namespace", "k8s.io")
POWER_FAILURE = "After a power failure etcd's data may be lost: make down, then make up."
READY = (
    ("wait", "--for=condition=Ready", f"node/{certificates.NODE_NAME}"),
    ("rollout", "status", "--namespace=kube-system", "deployment/coredns"),
    ("rollout", "status", "--namespace=kube-system", "deployment/metrics-server"),
    ("rollout", "status", "--namespace=local-path-storage", "deployment/local-path-provisioner"),
    ("wait", "--for=condition=Available", "apiservice/v1beta1.metrics.k8s.io"),
)
"""What must hold of a cluster that can run pods; of kind's too, but for the node's name."""


@dataclass(frozen=True)
class NodeSteps:
    """Makes the steps of one node."""

    node: Node
    addons: Addons
    kubectl: Kubectl

    def steps(self) -> list[Step]:
        """The whole table."""
        return [*self._system(), *self._prepare(), *self._start(), *self._install()]

    def _system(self) -> list[Step]:
        wanted = packages.NODE
        return [
            Step(
                PACKAGES,
                SYSTEM,
                lambda: packages.install_actions(wanted),
                lambda: not packages.missing(wanted),
            ),
            Step(BUSYBOX, SYSTEM, self.addons.busybox_actions, self.addons.has_busybox),
        ]

    def _prepare(self) -> list[Step]:
        node, paths = self.node, self.node.paths
        choose = f"take a free 10.N.0.0/16 and write it to {paths.record}"
        limit = "set fs.inotify.max_user_instances to 1024 if it is lower"
        return [
            Step(
                "Choose addresses",
                CLUSTER,
                lambda: [Call(choose, node.choose_addresses)],
                node.has_addresses,
            ),
            Step(
                "Make certificates",
                CLUSTER,
                self._certificate_actions,
                lambda: certificates.are_valid(paths.pki, node.config().subnets),
                needs=(PACKAGES,),
            ),
            Step(
                "Raise kernel limits",
                CLUSTER,
                lambda: [Call(limit, lambda: node.sysctls.raise_for(paths.id))],
                lambda: node.sysctls.are_raised(paths.id),
            ),
        ]

    def _certificate_actions(self) -> list[Action]:
        template = self.node.paths.dev / "node" / "openssl.cnf"
        return certificates.actions(self.node.paths.pki, template, self.node.config().subnets)

    def _start(self) -> list[Step]:
        ready = "kubectl get --raw=/readyz until it says ok"
        return [
            Step(
                "Start the node",
                CLUSTER,
                self.node.start_actions,
                self.node.is_running,
                needs=(PACKAGES, *names_of("kubernetes", "etcd", "containerd", "pause")),
                advice=self._logs,
            ),
            Step(
                "Wait for the API server",
                CLUSTER,
                lambda: [Call(ready, self._wait_for_api)],
                self.kubectl.answers,
                needs=names_of("kubectl"),
                advice=f"{self._logs}\n{POWER_FAILURE}",
            ),
        ]

    @property
    def _logs(self) -> str:
        return f"The components' logs: {self.node.paths.logs}"

    def _wait_for_api(self) -> None:
        wait_until("the API server is ready", self.kubectl.answers, START_SECONDS)

    def _install(self) -> list[Step]:
        return [
            Step(
                ARCHIVE,
                CLUSTER,
                self.addons.archive_actions,
                lambda: self.addons.archive().exists(),
                needs=(BUSYBOX, *names_of(*PROGRAMS)),
            ),
            Step(
                "Load the add-ons' images",
                CLUSTER,
                self._load_actions,
                lambda: set(self.addons.references()) <= self.present(),
                advice=self._logs,
            ),
            Step("Install DNS, metrics and volumes", CLUSTER, self._apply_actions),
            Step(
                "Wait for the node and its add-ons", CLUSTER, self._ready_actions, advice=self._logs
            ),
        ]

    def _apply_actions(self) -> list[Action]:
        return [self.kubectl.apply(self.addons.manifest(self.node.config().subnets))]

    def ctr(self, *words: str | Path) -> tuple[str, ...]:
        """The program ctr inside the node, as a command line."""
        return inside(self.node.init(), self.node.binaries.program("ctr"), *SOCKET, *words)

    def present(self) -> set[str]:
        """References of the images that the node holds."""
        return set(attempt(*self.ctr("images", "list", "--quiet")).stdout.split())

    def _load_actions(self) -> list[Action]:
        archive = self.addons.archive()
        return [
            Call("wait until containerd answers", self._wait_for_containerd),
            command(*self.ctr("images", "import", archive), timeout=5 * MINUTE),
        ]

    def import_actions(self, archive: Path) -> list[Action]:
        """Import *archive*, which lies in the state folder, and remove it."""
        return [
            command(*self.ctr("images", "import", HOME / archive.name), timeout=10 * MINUTE),
            Call(f"remove {archive}", lambda: archive.unlink(missing_ok=True)),
        ]

    def _wait_for_containerd(self) -> None:
        def answers() -> bool:
            return attempt(*self.ctr("version")).returncode == 0

        wait_until("containerd answers", answers, START_SECONDS)

    def _ready_actions(self) -> list[Action]:
        fresh = "wait until the kubelet has looked at every pod since the node's start"
        return [
            Call(fresh, self._wait_for_kubelet),
            *(self.kubectl.wait(*words, seconds=3 * MINUTE) for words in READY),
        ]

    def _wait_for_kubelet(self) -> None:
        """After a restart the API server still tells what was true before it."""
        name, launched = certificates.NODE_NAME, self.node.launched()

        def looked() -> bool:
            return pods_are_fresh(self.kubectl, name, launched)

        wait_until("the kubelet has looked at every pod", looked, START_SECONDS)
