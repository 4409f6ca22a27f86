"""The built-in modules of this version: `python -m arkalia_operator.catalogue.generate [--check]`.

Joins `workloads/<module>/module.yaml` with what every module on the runtime has, and every one with
its needs (`ground.yaml`, `ground-<need>.yaml`), and writes the whole into the package, below the operator's own version. The folders of earlier versions are
history: nothing writes them again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from arkalia_operator.api.generated import CHECKOUT, GeneratedFiles, header, run
from arkalia_operator.api.resources import ArkaliaModule

COMMAND: Final = "python -m arkalia_operator.catalogue.generate"
HOME: Final = f"operator/arkalia_operator/catalogue/{version('arkalia-operator')}"
GROUND: Final = "workloads/runtime/ground.yaml"
GROUND_OF_NEED: Final = "workloads/runtime/ground-{need}.yaml"
NAMES: Final = ("name", "verb", "alert", "record", "title")
"""What tells the entries of a list apart: the first of these that an entry has."""


class ModuleFileError(ValueError):
    """A `module.yaml` is not an ArkaliaModule of its folder's name; the text begins with its path."""


def generated_files(root: Path = CHECKOUT) -> GeneratedFiles:
    """The whole description of every module below *root*. Raises ModuleFileError."""
    texts = {f"{HOME}/{name}.yaml": _text(name, body) for name, body in bodies(root).items()}
    return GeneratedFiles(COMMAND, texts, (f"{HOME}/*",))


def bodies(root: Path) -> dict[str, dict[str, Any]]:
    """The modules below *root* by name, as they are shipped. Raises ModuleFileError."""
    sources = sorted(root.glob("workloads/*/module.yaml"))
    return {source.parent.name: _whole(source, root) for source in sources}


def grounds(root: Path, needs: Iterable[str]) -> list[Path]:
    """The files below *root* that hold for a module with these *needs*; all of them exist."""
    names = (GROUND, *(GROUND_OF_NEED.format(need=need) for need in needs))
    return [path for name in names if (path := root / name).exists()]


def _whole(source: Path, root: Path) -> dict[str, Any]:
    path = str(source.relative_to(root))
    try:
        body: dict[str, Any] = _read(source)
        for ground in reversed(grounds(root, body["spec"].get("needs", ()))):
            body["spec"] = joined(_read(ground), body["spec"])
        module = ArkaliaModule.from_body(body)
    except (ValidationError, yaml.YAMLError, KeyError, TypeError) as error:
        msg = f"{path} is not an ArkaliaModule: {error}"
        raise ModuleFileError(msg) from error
    if module.name != source.parent.name:
        msg = f"{path}: metadata.name is {module.name}: write {source.parent.name}, as its folder"
        raise ModuleFileError(msg)
    return body


def joined(ground: Any, own: Any) -> Any:
    """*own* on top of *ground*: objects key by key, lists entry by entry, all else replaced."""
    if isinstance(ground, Mapping) and isinstance(own, Mapping):
        both = {key: joined(ground[key], own[key]) for key in own if key in ground}
        return {**own, **{key: value for key, value in ground.items() if key not in own}, **both}
    if isinstance(ground, list) and isinstance(own, list):
        named = {_name(each) for each in own}
        return [*(each for each in ground if _name(each) not in named), *own]
    return own


def _name(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return next((entry[key] for key in NAMES if key in entry), id(entry))


def _text(name: str, body: Mapping[str, Any]) -> str:
    sources = f"workloads/{name}/module.yaml or {GROUND} and those beside it"
    return header(COMMAND, sources) + yaml.safe_dump(
        body, sort_keys=False, allow_unicode=True, width=1000
    )


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(run(generated_files()))
