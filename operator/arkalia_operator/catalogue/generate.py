"""The built-in modules of this version: `python -m arkalia_operator.catalogue.generate [--check]`.

Copies `workloads/<module>/module.yaml` into the package, below the operator's own version. The
folders of earlier versions are history: nothing writes them again.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from arkalia_operator.api.generated import CHECKOUT, GeneratedFiles, header, run
from arkalia_operator.api.resources import ArkaliaModule

COMMAND: Final = "python -m arkalia_operator.catalogue.generate"
HOME: Final = f"operator/arkalia_operator/catalogue/{version('arkalia-operator')}"


class ModuleFileError(ValueError):
    """A `module.yaml` is not an ArkaliaModule of its folder's name; the text begins with its path."""


def generated_files(root: Path = CHECKOUT) -> GeneratedFiles:
    """The copies of every `module.yaml` below *root*. Raises ModuleFileError."""
    sources = sorted(root.glob("workloads/*/module.yaml"))
    texts = {f"{HOME}/{source.parent.name}.yaml": _copy(source, root) for source in sources}
    return GeneratedFiles(COMMAND, texts, (f"{HOME}/*",))


def _copy(source: Path, root: Path) -> str:
    path, text = str(source.relative_to(root)), source.read_text(encoding="utf-8")
    try:
        module = ArkaliaModule.from_body(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError, KeyError, TypeError) as error:
        msg = f"{path} is not an ArkaliaModule: {error}"
        raise ModuleFileError(msg) from error
    if module.name != source.parent.name:
        msg = f"{path}: metadata.name is {module.name}: write {source.parent.name}, as its folder"
        raise ModuleFileError(msg)
    return header(COMMAND, path) + text


if __name__ == "__main__":
    sys.exit(run(generated_files()))
