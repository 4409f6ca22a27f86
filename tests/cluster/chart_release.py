"""A release of a chart that a story installs for itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_operator.desired.kinds import DEPLOYMENT
from cluster.kube import Body, Kube

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts/arkalia"
CRD_CHART: Final = ROOT / "charts/arkalia-crds"
HELM_SECONDS: Final = 300
Values = Mapping[str, Any]


class RefusedByHelmError(Exception):
    """Helm said no, in these words."""


@dataclass(frozen=True, slots=True)
class ChartRelease:
    """A release, by its name in its namespace."""

    kube: Kube
    environment: Mapping[str, str]
    namespace: str
    name: str = "arkalia"

    def install(self, chart: Path, values: Values, *options: str) -> None:
        """`helm upgrade --install`, as every page of the documentation has it."""
        self._helm("upgrade", "--install", self.name, str(chart), *options, values=values)

    def uninstall(self) -> None:
        """`helm uninstall`, until everything of it is gone that goes."""
        self._helm("uninstall", self.name, "--wait", f"--timeout={HELM_SECONDS}s")

    def test(self) -> str:
        """`helm test`, and what its pod said."""
        return self._helm("test", self.name, "--logs", f"--timeout={HELM_SECONDS}s")

    def deployment(self) -> Body:
        """Its operator. Raises AssertionError while not all of its pods are ready and new."""
        [found] = self.kube.find(
            DEPLOYMENT, self.namespace, {"app.kubernetes.io/instance": self.name}
        )
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        seen = {key: status.get(key, 0) for key in ("updatedReplicas", "readyReplicas", "replicas")}
        assert seen == dict.fromkeys(seen, wanted), f"the operator of {self.name}: {status}"
        return found

    def objects(self) -> list[Body]:
        """What the release holds."""
        told = yaml.load_all(self._helm("get", "manifest", self.name), Loader=yaml.CSafeLoader)
        return [each for each in told if each]

    def _helm(self, *words: str, values: Values | None = None) -> str:
        given = ("--values", "-") if values is not None else ()
        done = subprocess.run(
            ["helm", *words, *given, "--namespace", self.namespace],
            env=dict(self.environment),
            input=json.dumps(values) if values is not None else None,
            capture_output=True,
            text=True,
            timeout=HELM_SECONDS + 30,
            check=False,
        )
        if done.returncode:
            message = f"helm {words[0]}: {done.stderr}{done.stdout}"
            raise RefusedByHelmError(message)
        return done.stdout


def development_values() -> dict[str, Any]:
    """The images of this checkout, as `make up` installs them."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "dev/values.yaml").read_text("utf-8"))
    return values


def laid_over(lower: Values, *uppers: Values) -> dict[str, Any]:
    """Values as Helm merges several files: the later ones win, maps key by key."""
    merged = dict(lower)
    for upper in uppers:
        for key, value in upper.items():
            below = merged.get(key)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            merged[key] = laid_over(below, value) if both else value
    return merged


def for_oneself(namespace: str) -> dict[str, Any]:
    """Values of an operator that looks after the story's namespace only, and takes no definitions along."""
    alone = {"watchNamespaces": [namespace], "crds": {"enabled": False}}
    return alone | {"retainedData": {"keep": False}}  # the next release may have the same names
