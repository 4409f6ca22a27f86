"""The operator's alerts and dashboard, copied into the chart: Helm reads nothing outside of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

COPIED: Final = ("dashboard.json", "rules.yaml")


def files(root: Path) -> dict[Path, str]:
    """Path and content of each copy."""
    source = root / "manifests/monitoring/operator"
    target = root / "charts/arkalia/files/monitoring/operator"
    return {target / name: (source / name).read_text(encoding="utf-8") for name in COPIED}
