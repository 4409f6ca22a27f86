"""The rules of the operator's role, which the chart's templates read."""

from __future__ import annotations

from pathlib import Path

from arkalia_operator.rbac import rules

HEAD = """\
# GENERATED from operator/arkalia_operator/rbac.py by `make generate`: do not edit.
"""


def files(root: Path) -> dict[Path, str]:
    """Path and content of the rules."""
    lines = (
        f'- apiGroups: ["{rule.group}"]\n'
        f"  resources: [{', '.join(rule.resources)}]\n"
        f"  verbs: [{', '.join(rule.verbs)}]\n"
        for rule in rules()
    )
    return {root / "charts/arkalia/files/rbac-rules.yaml": HEAD + "".join(lines)}
