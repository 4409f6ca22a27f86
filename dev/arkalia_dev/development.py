"""The development cluster of one checkout, whichever way it is made."""

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path

from arkalia_dev import record, toolchain
from arkalia_dev.addons import Addons
from arkalia_dev.binaries import Binaries
from arkalia_dev.build_steps import VENV, build_steps, compiler_steps, find_go, venv_step
from arkalia_dev.buildah import Buildah, revision
from arkalia_dev.chart import Chart
from arkalia_dev.commands import MINUTE, Action
from arkalia_dev.errors import DevError, ImpossibleHereError
from arkalia_dev.image_steps import buildah_steps, docker_steps, name_of
from arkalia_dev.images import Image, catalogue, chosen
from arkalia_dev.kind import Kind, docker_answers
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.lanes import CLUSTER, SYSTEM
from arkalia_dev.loading import Loading
from arkalia_dev.namespace import inside
from arkalia_dev.node import Node
from arkalia_dev.node_steps import NodeSteps
from arkalia_dev.paths import Paths, default_paths
from arkalia_dev.plan import Step
from arkalia_dev.run import output
from arkalia_dev.versions import load


class Development:
    """Puts the parts together: paths, versions, the provider, and the plans made from them."""

    def __init__(self, forced: str | None = None, paths: Paths | None = None) -> None:
        self._forced = forced
        self.paths = paths or default_paths()
        self.versions = load(self.paths.dev / "versions.toml")
        self.binaries = Binaries(self.paths.cache, self.paths.dev / "go", self.versions)
        self.addons = Addons(self.binaries, self.paths.dev / "manifests")
        self.node = Node(self.paths, self.binaries)

    @cached_property
    def provider(self) -> str:
        """The way: `kind` or `node`; as the cluster was made, else as this machine allows."""
        known = record.read(self.paths.record)
        if known and self._forced and known.provider != self._forced:
            message = f"The cluster was made the other way ({known.provider})."
            raise DevError(message, "Run make down first.")
        if known:
            return known.provider
        return self._forced or ("kind" if docker_answers() else "node")

    @cached_property
    def kubectl(self) -> Kubectl:
        """The client of this cluster."""
        program = self.binaries.program("kubectl")
        return Kubectl(program, self.paths.kubeconfig, self._direct_addresses)

    def _direct_addresses(self) -> str:
        return "" if self.provider == "kind" else str(self.node.config().subnets.whole)

    @cached_property
    def node_steps(self) -> NodeSteps:
        """The steps of the node way."""
        return NodeSteps(self.node, self.addons, self.kubectl)

    @cached_property
    def kind(self) -> Kind:
        """The kind way."""
        images = (self.versions.kind["node-image"], self.versions.kind["metrics-server-image"])
        return Kind(self.paths, self.addons, self.kubectl, *images)

    # Plans

    def cluster_steps(self) -> list[Step]:
        """A cluster that can run pods, without the operator."""
        if self.provider == "kind":
            return [*self.tool_steps("kind"), *self.kind.steps()]
        self._check_root()
        return [*self.tool_steps("cluster"), *self.node_steps.steps()]

    def up_steps(self) -> list[Step]:
        """Everything, up to a first system that is ready."""
        chart = Chart(self.paths.checkout, self.binaries.program("helm"), self.kubectl)
        images = catalogue(self.paths.checkout)
        built = self._image_builds(images)
        return [*self.cluster_steps(), *built, self._loading(images), *chart.steps()]

    def image_steps(self, names: list[str]) -> list[Step]:
        """Build images, and load them where a cluster runs."""
        images = chosen(catalogue(self.paths.checkout), names)
        if self.provider == "node":
            self._check_root()
        steps = self._image_builds(images)
        return [*steps, self._loading(images)] if self.kubectl.answers() else steps

    def tool_steps(self, purpose: str) -> list[Step]:
        """The programs of one purpose."""
        return build_steps(self.binaries, self.versions.for_purpose(purpose), sys.executable)

    def compiler_steps(self) -> list[Step]:
        """A Go compiler."""
        return compiler_steps(self.binaries, sys.executable, lambda: False)

    def uv_steps(self) -> list[Step]:
        """A uv in the cache."""
        requirement = f"uv>={self.versions.toolchain['uv']}"

        def actions() -> list[Action]:
            return toolchain.wheel_actions(self.paths.cache, sys.executable, requirement)

        return [venv_step(lambda: False), Step("Install uv", SYSTEM, actions, needs=(VENV,))]

    def uv(self) -> Path | None:
        """A uv that reads the lock file, if the machine or the cache has one."""
        return toolchain.find_uv(self.paths.cache, self.versions)

    def _image_builds(self, images: list[Image]) -> list[Step]:
        if self.provider == "kind":
            return docker_steps(self.kind, revision(self.paths.checkout), images)
        return buildah_steps(self._buildah, images)

    @cached_property
    def _buildah(self) -> Buildah:
        return Buildah(self.paths.cache, self.paths.state / "base", revision(self.paths.checkout))

    def _loading(self, images: list[Image]) -> Step:
        on_kind = self.provider == "kind"
        loading = Loading(
            self.paths.state / "loaded.json",
            images,
            self._inputs,
            self.kind.load_actions if on_kind else self._load_into_node,
            self.kubectl,
            None if on_kind else self.node_steps.present,
        )
        needs = tuple(name_of(image) for image in images)
        return Step("Load the images", CLUSTER, loading.actions, loading.is_done, needs=needs)

    def _inputs(self, image: Image) -> str:
        return image.inputs("" if self.provider == "kind" else self._buildah.base())

    def _load_into_node(self, images: list[Image]) -> list[Action]:
        archive = self.paths.state / "images.tar"
        return [self._buildah.export(images, archive), *self.node_steps.import_actions(archive)]

    def _check_root(self) -> None:
        """Say before anything is done what this user cannot do."""
        if os.geteuid() != 0:
            message = "No Docker engine answers (docker info), and the way without one needs root."
            raise ImpossibleHereError(message, "Start Docker, or run the command as root.")

    # Questions

    def require_cluster(self) -> None:
        """Raise DevError when no cluster of this checkout is recorded."""
        if not record.read(self.paths.record):
            message = f"There is no development cluster for {self.paths.checkout}."
            raise DevError(message, "Start it: make up")

    def environment(self) -> dict[str, str]:
        """Variables of a shell that works on the cluster."""
        audit = {"ARKALIA_AUDIT_LOG": str(self.paths.logs / "audit.log")}
        return {**self.kubectl.environment(), **audit}

    def custom_resources(self, name: str) -> Path:
        """The folder with the definitions of another operator, in Go's module cache."""
        if name not in self.versions.crds:
            message = f"No such module: {name}"
            raise DevError(message, f"There are: {', '.join(self.versions.crds)}")
        row = self.versions.crds[name]
        question = (
            find_go(self.binaries) or "go",
            "mod",
            "download",
            "-json",
            f"{row.module}@{row.version}",
        )
        told = json.loads(output(*question, timeout=10 * MINUTE))
        return Path(told["Dir"]) / row.folder

    def enter(self, words: list[str]) -> int:
        """Run a command inside the node's namespaces; return its exit code."""
        known = record.read(self.paths.record)
        if not known or not known.init or not known.is_running():
            message = "No node of this checkout is running."
            raise DevError(message, "Start it: make up")
        path = f"{self.binaries.path_folder()}:{os.environ['PATH']}:/usr/sbin:/sbin"
        own = {"KUBECONFIG": "/run/arkalia/kubeconfig", "PATH": path}
        environment = {**os.environ, **own, "CONTAINERD_NAMESPACE": "k8s.io"}
        return subprocess.run(inside(known.init, *words), env=environment, check=False).returncode

    def down(self) -> None:
        """Remove the cluster, also one that a crash left half made."""
        if not self.paths.state.exists():
            return
        if self.provider == "kind":
            self.kind.down()
        else:
            self.node.down()
