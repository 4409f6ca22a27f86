"""The operator's alerts and dashboard, copied into the chart: Helm reads nothing outside of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SOURCE: Final = "manifests/monitoring/operator"
COPY: Final = "charts/arkalia/files/monitoring/operator"
COPIED: Final = ("dashboard.json", "rules.yaml")


def texts(root: Path) -> dict[str, str]:
    """The copies of the files below *root*, by path."""
    return {f"{COPY}/{name}": (root / SOURCE / name).read_text(encoding="utf-8") for name in COPIED}
