"""The kind way: where a Docker engine runs, the cluster is what every user expects.

kind brings DNS and a default StorageClass; metrics-server and the settings for tests are added.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from arkalia_dev import record
from arkalia_dev.addons import KIND_TRUST, Addons
from arkalia_dev.build_steps import names_of
from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.components.controller_manager import AUTOSCALING
from arkalia_dev.images import INPUTS_LABEL, Image
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.lanes import CLUSTER
from arkalia_dev.node import remove_tree
from arkalia_dev.node_steps import READY as NODE_READY
from arkalia_dev.paths import Paths
from arkalia_dev.plan import Step
from arkalia_dev.run import attempt, perform

AUDIT = {
    "audit-policy-file": "/etc/kubernetes/audit/policy.yaml",
    "audit-log-path": "/var/log/kubernetes/audit.log",
    "audit-log-maxsize": "50",
    "audit-log-maxbackup": "3",
}
READY = (("wait", "--for=condition=Ready", "nodes", "--all"), *NODE_READY[1:])


@dataclass(frozen=True)
class Kind:
    """One checkout's kind cluster."""

    paths: Paths
    addons: Addons
    kubectl: Kubectl
    node_image: str
    metrics_image: str

    @property
    def name(self) -> str:
        """The cluster's name for kind."""
        return f"arkalia-{self.paths.key}"

    @property
    def program(self) -> Path:
        """The program kind."""
        return self.addons.binaries.program("kind")

    def steps(self) -> list[Step]:
        """A cluster that can run pods."""
        return [
            Step(
                "Create the kind cluster",
                CLUSTER,
                self._create_actions,
                self.exists,
                needs=names_of("kind", "kubectl"),
                advice="docker info and docker logs of the container named above say more.",
            ),
            Step(
                "Install metrics",
                CLUSTER,
                lambda: [self.kubectl.apply(self._metrics_server())],
            ),
            Step("Wait for the node and its add-ons", CLUSTER, self._ready_actions),
        ]

    def exists(self) -> bool:
        """Whether kind knows it and its API server answers."""
        known = attempt(self.program, "get", "clusters").stdout.split()
        return self.name in known and self.kubectl.answers()

    def _create_actions(self) -> list[Action]:
        """A cluster that an interrupt left half made is made again."""
        kubeconfig = ("--kubeconfig", self.paths.kubeconfig)
        create = ("create", "cluster", "--name", self.name, "--config=-", "--wait=180s")
        return [
            Call(f"write {self.paths.record} and an empty audit log", self._write_record),
            command(self.program, "delete", "cluster", "--name", self.name, *kubeconfig),
            command(
                self.program, *create, *kubeconfig, stdin=self.configuration(), timeout=15 * MINUTE
            ),
        ]

    def _write_record(self) -> None:
        (self.paths.state / "loaded.json").unlink(missing_ok=True)  # a new cluster has no image yet
        # The API server in the container is root: a file that it made the user could not read.
        (self.paths.logs / "audit.log").touch(mode=0o644)
        record.write(self.paths.record, record.Record("kind"))

    def configuration(self) -> str:
        """What `kind create cluster` reads."""
        template = (self.paths.dev / "kind" / "cluster.yaml").read_text(encoding="utf-8")
        scaling = dict(flag.removeprefix("--").split("=") for flag in AUTOSCALING)
        patches = [
            *(_append("apiServer", name, value) for name, value in AUDIT.items()),
            *(_append("controllerManager", name, value) for name, value in scaling.items()),
        ]
        return Template(template).substitute(
            node_image=self.node_image,
            dev=self.paths.dev,
            logs=self.paths.logs,
            arguments="\n".join(f"      - {json.dumps(patch)}" for patch in patches),
        )

    def _metrics_server(self) -> str:
        return self.addons.metrics_server(self.metrics_image, "IfNotPresent", KIND_TRUST)

    def _ready_actions(self) -> list[Action]:
        return [self.kubectl.wait(*words, seconds=3 * MINUTE) for words in READY]

    def is_built(self, image: Image) -> bool:
        """Whether Docker has the image as today's inputs make it."""
        form = f'{{{{index .Config.Labels "{INPUTS_LABEL}"}}}}'
        told = attempt("docker", "image", "inspect", "--format", form, image.reference)
        return told.stdout.strip() == image.inputs("")

    def build_actions(self, image: Image, revision: str) -> list[Action]:
        """What builds *image*."""
        arguments = {"REVISION": revision, **image.arguments}
        words = [word for pair in arguments.items() for word in ("--build-arg", "=".join(pair))]
        label = ("--label", f"{INPUTS_LABEL}={image.inputs('')}")
        files = ("--tag", image.reference, "--file", image.containerfile, image.context)
        return [command("docker", "build", *words, *label, *files, timeout=20 * MINUTE)]

    def load_actions(self, images: list[Image]) -> list[Action]:
        """What brings *images* to the cluster's node."""
        references = [image.reference for image in images]
        load = ("load", "docker-image", "--name", self.name)
        return [command(self.program, *load, *references, timeout=10 * MINUTE)]

    def down(self) -> None:
        """Delete the cluster and its state."""
        kubeconfig = ("--kubeconfig", self.paths.kubeconfig)
        delete = command(self.program, "delete", "cluster", "--name", self.name, *kubeconfig)
        perform(delete, self.paths.logs / "kind.log")
        remove_tree(self.paths.state)


def _append(part: str, name: str, value: str) -> dict[str, object]:
    path = f"/{part}/extraArgs/-"
    return {"op": "add", "path": path, "value": {"name": name, "value": value}}


def docker_answers() -> bool:
    """Whether a Docker engine runs; a client alone is common and not enough."""
    return attempt("docker", "info", timeout=15).returncode == 0
