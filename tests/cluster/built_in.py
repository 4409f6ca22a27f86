"""The built-in modules, read from their own descriptions, and what these allow."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from arkalia_contract import endpoints
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec

WORKLOADS: Final = Path(__file__).resolve().parents[2] / "workloads"
MODULES: Final = {
    path.parent.name: ArkaliaModuleSpec.model_validate(
        yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
    )
    for path in sorted(WORKLOADS.glob("*/module.yaml"))
}


def allowed_paths(caller: str, callee: str) -> list[str]:
    """The paths of *callee* that *caller* may ask, as the two descriptions say."""
    asking, asked = MODULES[caller], MODULES[callee]
    if caller == callee:
        return []
    paths = [path for call in asking.calls if call.module == callee for path in call.paths]
    if asking.public:
        paths += [route.path for route in asked.routes]
    if asking.events.records and asked.needs.postgresql:
        paths += [endpoints.EVENTS_OUTBOX]
    return paths
