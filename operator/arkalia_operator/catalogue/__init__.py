"""The built-in modules by version: package data, generated from `workloads/*/module.yaml`.

One folder for each version that this operator can run, one file for each module.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml

from arkalia_operator.api.resources import ArkaliaModule


@cache
def load() -> Mapping[str, Mapping[str, ArkaliaModule]]:
    """The modules of every known version, by version and name. Read once."""
    folders = (entry for entry in files(__package__).iterdir() if entry.name[0].isdigit())
    return {folder.name: _modules(folder) for folder in folders}


def _modules(folder: Traversable) -> Mapping[str, ArkaliaModule]:
    texts = (file.read_text(encoding="utf-8") for file in folder.iterdir())
    modules = [ArkaliaModule.from_body(yaml.load(text, Loader=yaml.CSafeLoader)) for text in texts]
    return {module.name: module for module in sorted(modules, key=lambda each: each.name)}
