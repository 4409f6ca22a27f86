"""Both charts as packages, with what only a release knows: its changes, and whether it is a trial."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arkalia_release.errors import ReleaseError
from arkalia_release.versions import Version

CHARTS: Final = ("arkalia-crds", "arkalia")
PACKAGE_SECONDS: Final = 120
Changes = Sequence[tuple[str, str]]


def annotated(text: str, version: Version, changes: Changes) -> str:
    """The text of a Chart.yaml, which ends with its annotations, with those of this release."""
    entries = [{"kind": kind, "description": said} for kind, said in changes]
    lines = (f"    - {json.dumps(entry, ensure_ascii=False)}\n" for entry in entries)
    trial = json.dumps(json.dumps(bool(version.pre)))
    return f"{text}  artifacthub.io/prerelease: {trial}\n  artifacthub.io/changes: |\n" + "".join(
        lines
    )


def package(root: Path, into: Path, version: Version, changes: Changes) -> list[Path]:
    """Package the charts below *root* with Helm; gives the archives. Raises ReleaseError."""
    into.mkdir(parents=True, exist_ok=True)
    return [_package(root / "charts" / name, into, version, changes) for name in CHARTS]


def _package(chart: Path, into: Path, version: Version, changes: Changes) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, chart.name)
        shutil.copytree(chart, copy)
        meta = copy / "Chart.yaml"
        meta.write_text(annotated(meta.read_text("utf-8"), version, changes), encoding="utf-8")
        _helm("package", str(copy), "--destination", str(into))
    return into / f"{chart.name}-{version}.tgz"


def _helm(*words: str) -> None:
    done = subprocess.run(
        ["helm", *words], capture_output=True, text=True, timeout=PACKAGE_SECONDS, check=False
    )
    if done.returncode:
        msg = f"helm {words[0]} failed: {done.stderr.strip()}"
        raise ReleaseError(msg)
