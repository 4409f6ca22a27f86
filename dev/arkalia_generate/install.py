"""manifests/install: what the chart installs, for people without Helm (`python -m arkalia_generate.install`).

The chart stays the only source: Helm renders it, and what only Helm needs (its labels, hooks and
annotations) is taken out. It is a program of its own, after the others, because it reads what they
write into the chart.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_operator.api.crds import as_yaml
from arkalia_operator.api.generated import CHECKOUT, GeneratedFiles, header, run

COMMAND: Final = "python -m arkalia_generate.install"
HOME: Final = "manifests/install"
NAMESPACE: Final = "arkalia-system"
RENDER_SECONDS: Final = 60
OF_HELM: Final = ("app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy")
"""Labels and annotations that would not be true without Helm."""

MONITORING: Final = (
    "serviceMonitor.enabled=true",
    "serviceMonitor.renderMode=alwaysRender",
    "prometheusRule.enabled=true",
    "prometheusRule.renderMode=alwaysRender",
    "dashboard.enabled=true",
)
FIRST: Final = ("Namespace", "CustomResourceDefinition")
"""Kinds that everything else stands on."""

Body = dict[str, Any]


def texts(root: Path) -> dict[str, str]:
    """The manifest of the operator, and of what watches it, by path."""
    plain = [without_helm(each) for each in _rendered(root)]
    watched = [without_helm(each) for each in _rendered(root, *MONITORING)]
    known = {_identity(each) for each in plain}
    added = [each for each in watched if _identity(each) not in known]
    return {
        f"{HOME}/arkalia.yaml": joined(in_order([namespace(), *plain])),
        f"{HOME}/monitoring/monitoring.yaml": joined(added),
    }


def namespace() -> Body:
    """The operator's namespace, which lets only restricted pods in."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    }


def without_helm(body: Body) -> Body:
    """*body* without what only Helm reads, also inside its pod template."""
    metadata = dict(body["metadata"])
    for part in ("labels", "annotations"):
        left = {key: text for key, text in metadata.pop(part, {}).items() if key not in OF_HELM}
        metadata |= {part: left} if left else {}
    return body | {"metadata": metadata}


def in_order(bodies: Iterable[Body]) -> list[Body]:
    """Namespace and definitions first; the rest as Helm orders it."""
    return sorted(
        bodies, key=lambda body: FIRST.index(body["kind"]) if body["kind"] in FIRST else len(FIRST)
    )


def joined(bodies: Iterable[Body]) -> str:
    """All of them in one file."""
    head = header(COMMAND, "charts/arkalia")
    return head + "---\n".join(as_yaml(body) for body in bodies)


def _identity(body: Body) -> tuple[str, str]:
    return body["kind"], body["metadata"]["name"]


def _rendered(root: Path, *settings: str) -> Iterator[Body]:
    chart = str(root / "charts/arkalia")
    values = [word for each in ("helmTest.enabled=false", *settings) for word in ("--set", each)]
    done = subprocess.run(
        ["helm", "template", "arkalia", chart, "--namespace", NAMESPACE, *values],
        capture_output=True,
        text=True,
        timeout=RENDER_SECONDS,
        check=False,
    )
    if done.returncode:
        sys.exit(f"helm cannot render charts/arkalia: {done.stderr.strip()}")
    return (each for each in yaml.safe_load_all(done.stdout) if each)


def generated_files(root: Path = CHECKOUT) -> GeneratedFiles:
    """Both manifests; the kustomizations beside them are written by hand."""
    return GeneratedFiles(COMMAND, texts(root))


if __name__ == "__main__":
    sys.exit(run(generated_files()))
