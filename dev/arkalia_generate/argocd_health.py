"""The health check for Argo CD, once as the file that people read and once as a patch of its settings.

Argo CD takes the program as text in its ConfigMap `argocd-cm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from arkalia_operator.api import GROUP
from arkalia_operator.api.generated import header
from arkalia_operator.api.resources import SYSTEM_KIND

HOME: Final = "manifests/argocd/health"
PROGRAM: Final = f"{HOME}/{GROUP}/{SYSTEM_KIND}/health.lua"
PATCH: Final = f"{HOME}/argocd-cm.yaml"


class _Text(str):
    """A text of several lines, which YAML shows as such."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes a program line by line."""


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
)


def texts(root: Path) -> Mapping[str, str]:
    """The patch of `argocd-cm`."""
    program = _Text((root / PROGRAM).read_text(encoding="utf-8"))
    patch = {"data": {f"resource.customizations.health.{GROUP}_{SYSTEM_KIND}": program}}
    body = yaml.dump(patch, Dumper=_Dumper, sort_keys=False, width=120)
    return {PATCH: header("python -m arkalia_generate", PROGRAM) + body}
