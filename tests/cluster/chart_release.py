"""A release of a chart that a story installs for itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.kube import Body, Kube

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts/arkalia"
CRD_CHART: Final = ROOT / "charts/arkalia-crds"
HELM_SECONDS: Final = 180
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
