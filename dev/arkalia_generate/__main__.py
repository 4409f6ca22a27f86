"""The command line: `python -m arkalia_generate [--check]`."""

from __future__ import annotations

import sys
from typing import Final

from arkalia_generate import (
    argocd_health,
    artifact_hub,
    catalogue_pages,
    chart_reference,
    command_line,
    edge_monitoring,
    metrics_reference,
    module_monitoring,
    operator_monitoring,
    rbac_rules,
    runbook_index,
    values_schema,
    workspace,
)
from arkalia_operator.api.generated import CHECKOUT, GeneratedFiles, run

COMMAND: Final = "python -m arkalia_generate"
SOURCES: Final = (
    artifact_hub,
    argocd_health,
    catalogue_pages,
    chart_reference,
    command_line,
    edge_monitoring,
    metrics_reference,
    module_monitoring,
    operator_monitoring,
    rbac_rules,
    runbook_index,
    values_schema,
    workspace,
)
HOMES: Final = ("charts/arkalia/files/*.yaml", "charts/arkalia/files/monitoring/**/*.*")

if __name__ == "__main__":
    texts = {path: text for source in SOURCES for path, text in source.texts(CHECKOUT).items()}
    sys.exit(run(GeneratedFiles(COMMAND, texts, HOMES)))
