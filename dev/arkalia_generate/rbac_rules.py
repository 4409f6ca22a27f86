"""The rules of the operator's role, which the chart's templates read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from arkalia_operator.rbac import rules

HEAD: Final = """\
# GENERATED from operator/arkalia_operator/rbac.py by `python -m arkalia_generate`: do not edit.
"""


def texts(_root: Path) -> dict[str, str]:
    """The rules, by path."""
    lines = (
        f'- apiGroups: ["{rule.group}"]\n'
        f"  resources: [{', '.join(rule.resources)}]\n"
        f"  verbs: [{', '.join(rule.verbs)}]\n"
        for rule in rules()
    )
    return {"charts/arkalia/files/rbac-rules.yaml": HEAD + "".join(lines)}
