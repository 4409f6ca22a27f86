"""The development cluster of one checkout, whichever way it is made."""

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path

from arkalia_dev import packages, record, toolchain
from arkalia_dev.addons import Addons
from arkalia_dev.binaries import Binaries
from arkalia_dev.buildah import Buildah, revision
from arkalia_dev.chart import SYSTEM, SYSTEM_NAMESPACE, Chart
from arkalia_dev.commands import MINUTE, Action
from arkalia_dev.errors import DevError, NotPossibleHere
from arkalia_dev.image_steps import buildah_steps, docker_steps, name_of
from arkalia_dev.images import Image, catalogue, chosen
from arkalia_dev.kind import Kind, docker_answers
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.loading import Loading
from arkalia_dev.namespace import inside
from arkalia_dev.node import Node
from arkalia_dev.node_steps import NodeSteps, build_steps, system_steps
from arkalia_dev.paths import Paths, default_paths
from arkalia_dev.plan import Step
from arkalia_dev.run import output
from arkalia_dev.versions import Versions, load

PYTHON = sys.executable


class Development:
    """Puts the parts together: paths, versions, the provider, and the plans made from them."""

    def __init__(self, forced: str | None = None, paths: Paths | None = None) -> None:
        self._forced = forced
        self.paths = paths or default_paths()
        self.versions: Versions = load(self.paths.dev / "versions.toml")
        self.binaries = Binaries(self.paths.cache, self.paths.dev / "go", self.versions)
        self.addons = Addons(self.binaries, self.paths.dev / "manifests")
        self.node = Node(self.paths, self.binaries)

    @cached_property
    def provider(self) -> str:
        """"kind" or "node": as the cluster was made, else as this machine allows."""
        known = record.read(self.paths.record)
        if known and self._forced and known.provider != self._forced:
            message = f"The cluster was made the other way ({known.provider})."
            raise DevError(message, "Run make down first.")
        if known:
            return known.provider
        return self._forced or ("kind" if docker_answers() else "node")

    @cached_property
    def kubectl(self) -> Kubectl:
        direct = "" if self.provider == "kind" else str(self.node.config().subnets.whole)
        return Kubectl(self.binaries.program("kubectl"), self.paths.kubeconfig, direct)

    @cached_property
    def node_steps(self) -> NodeSteps:
        return NodeSteps(self.node, self.addons, self.kubectl)

    @cached_property
    def kind(self) -> Kind:
        images = self.versions.kind
        return Kind(
            self.paths,
            self.addons,
            self.kubectl,
            images["node-image"],
            images["metrics-server-image"],
        )

    # -- plans

    def cluster_steps(self) -> list[Step]:
        """A cluster that can run pods, without the operator."""
        if self.provider == "kind":
            return [*self._builds("kind"), *self.kind.steps()]
        self._check_node_possible()
        return [*system_steps(self.addons), *self._builds("cluster"), *self.node_steps.cluster()]

    def up_steps(self) -> list[Step]:
        """Everything, up to a first system that is ready."""
        chart = Chart(self.paths.checkout, self.binaries.program("helm"), self.kubectl)
        images = catalogue(self.paths.checkout)
        built = self._image_builds(images)
        return [*self.cluster_steps(), *built, self._loading(images), *chart.steps()]

    def image_steps(self, names: list[str]) -> list[Step]:
        """Build images, and load them where a cluster runs."""
        images = chosen(catalogue(self.paths.checkout), names)
        steps = self._image_builds(images)
        return [*steps, self._loading(images)] if self.kubectl.answers() else steps

    def tool_steps(self, purpose: str) -> list[Step]:
        return self._builds(purpose)

    def uv_steps(self) -> list[Step]:
        """A uv in the cache."""
        requirement = f"uv>={self.versions.toolchain['uv']}"
        return [
            _venv_step(),
            Step(
                "Install uv",
                "system",
                lambda: toolchain.wheel_actions(self.paths.cache, PYTHON, requirement),
            ),
        ]

    def uv(self) -> Path | None:
        return toolchain.find_uv(self.paths.cache, self.versions)

    def _builds(self, purpose: str) -> list[Step]:
        return build_steps(self.binaries, self.versions.for_purpose(purpose), PYTHON)

    def _image_builds(self, images: list[Image]) -> list[Step]:
        if self.provider == "kind":
            return docker_steps(self.kind, revision(self.paths.checkout), images)
        return buildah_steps(self._buildah, images)

    @cached_property
    def _buildah(self) -> Buildah:
        return Buildah(self.paths.cache, revision(self.paths.checkout))

    def _loading(self, images: list[Image]) -> Step:
        if self.provider == "kind":
            load, present = self.kind.load_actions, None
        else:
            load, present = self._load_into_node, self.node_steps.present
        loading = Loading(
            self.paths.state / "loaded.json",
            images,
            self._inputs,
            load,
            self.kubectl,
            present,
        )
        needs = tuple(name_of(image) for image in images)
        return Step("Load the images", "cluster", loading.actions, loading.is_done, needs=needs)

    def _inputs(self, image: Image) -> str:
        return image.inputs("" if self.provider == "kind" else self._buildah.base())

    def _load_into_node(self, images: list[Image]) -> list[Action]:
        archive = self.paths.state / "images.tar"
        return [self._buildah.export(images, archive), *self.node_steps.import_actions(archive)]

    def _check_node_possible(self) -> None:
        """Say before anything is done what this machine cannot do."""
        if os.geteuid() != 0:
            message = "Without a Docker engine the cluster is a node of its own, which needs root."
            raise NotPossibleHere(message, "Start Docker, or run: sudo make up")

    # -- questions

    def require_cluster(self) -> None:
        """Raise DevError when no cluster of this checkout is recorded."""
        if not record.read(self.paths.record):
            message = f"There is no development cluster for {self.paths.checkout}."
            raise DevError(message, "Start it: make up")

    def environment(self) -> dict[str, str]:
        """Variables of a shell that works on the cluster."""
        audit = {"ARKALIA_AUDIT_LOG": str(self.paths.logs / "audit.log")}
        return {**self.kubectl.environment(), **audit}

    def next_steps(self) -> str:
        """What to do when everything is ready."""
        return f"""
The system {SYSTEM} is ready in the namespace {SYSTEM_NAMESPACE}.

  eval "$(PYTHONPATH=dev python3 -m arkalia_dev env)"        in your shell: KUBECONFIG and PATH
  kubectl get arkaliasystem --all-namespaces                 how it is
  kubectl explain arkaliasystem.spec                         what can be said
  make images                                                after a change of the code
  make down                                                  stop everything
"""

    def custom_resources(self, name: str) -> Path:
        """The folder with the definitions of another operator, in Go's module cache."""
        if name not in self.versions.crds:
            raise DevError(f"No such module: {name}", f"There are: {', '.join(self.versions.crds)}")
        row = self.versions.crds[name]
        go = toolchain.find_go(self.paths.cache, self.versions, self.binaries.sources / "kind")
        question = (go or "go", "mod", "download", "-json", f"{row.module}@{row.version}")
        told = json.loads(output(*question, timeout=10 * MINUTE))
        return Path(told["Dir"]) / row.folder

    def enter(self, words: list[str]) -> int:
        """Run a command inside the node's namespaces."""
        known = record.read(self.paths.record)
        if not known or not known.init or not known.is_running():
            raise DevError("No node of this checkout is running.", "Start it: make up")
        environment = {**os.environ, **self.environment(), "KUBECONFIG": "/run/arkalia/kubeconfig"}
        environment["PATH"] = f"{self.binaries.path_folder()}:{environment['PATH']}:/usr/sbin:/sbin"
        environment["CONTAINERD_NAMESPACE"] = "k8s.io"
        return subprocess.run(inside(known.init, *words), env=environment, check=False).returncode

    def down(self) -> None:
        """Remove the cluster, also one that a crash left half made."""
        if self.paths.state.exists():
            self.kind.down() if self.provider == "kind" else self.node.down()


def _venv_step() -> Step:
    """Debian's Python has the module venv in a package of its own."""
    return Step(
        "Install Python's venv",
        "system",
        lambda: packages.install_actions(packages.WHEELS),
        toolchain.can_make_venv,
    )
