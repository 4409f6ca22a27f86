"""What lists the members of the workspace or the modules, from the folders below `workloads`.

uv, mypy, import-linter and Skaffold each want their own list, and none of them takes a
pattern. The rest of their files is written by hand and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

LIBRARIES: Final = ("contract", "runtime")
DEV_PACKAGES: Final = (
    "arkalia_answers",
    "arkalia_dev",
    "arkalia_generate",
    "arkalia_prompts",
    "arkalia_release",
    "arkalia_site",
)
BESIDE: Final = ("operator", "cli")
"""Members that are no folder below `workloads`, each named after its own."""

ARTIFACT: Final = """\
    - image: {name}
      context: .
      docker:
        dockerfile: workloads/Containerfile
        buildArgs:
          SERVICE: {name}
"""
DATA_SERVICE: Final = """\
    - image: {name}
      context: workloads/{name}
      docker:
        dockerfile: Containerfile
"""
SKAFFOLD_MODULE: Final = """\
    {name}:
      podTemplate:
        spec:
          containers:
            - name: {name}
              image: {name}
"""


class MarkError(ValueError):
    """A file has no place for its list; the text says which."""


def texts(root: Path) -> dict[str, str]:
    """The files below *root* with the lists as they must be, by path."""
    modules = sorted(path.parent.name for path in root.glob("workloads/*/module.yaml"))
    artifacts = [
        *(ARTIFACT.format(name=name) for name in modules),
        *(DATA_SERVICE.format(name=name) for name in data_services(root)),
    ]
    return {
        "pyproject.toml": _pyproject((root / "pyproject.toml").read_text("utf-8"), root),
        "skaffold.yaml": _replaced(
            (root / "skaffold.yaml").read_text("utf-8"),
            r"(name: system\n.*?  artifacts:\n).*?(?=manifests:)",
            "".join(artifacts),
        ),
        "dev/skaffold/system.yaml": _replaced(
            (root / "dev/skaffold/system.yaml").read_text("utf-8"),
            r"(  modules:\n).*",
            "".join(SKAFFOLD_MODULE.format(name=name) for name in modules),
        ),
    }


def members(root: Path) -> list[str]:
    """Names of the folders below `workloads` that hold a Python project, libraries first."""
    found = {path.parent.name for path in root.glob("workloads/*/pyproject.toml")}
    return [*(each for each in LIBRARIES if each in found), *sorted(found - set(LIBRARIES))]


def data_services(root: Path) -> list[str]:
    """Names of the folders below `workloads` that hold an image without Python."""
    return sorted(path.parent.name for path in root.glob("workloads/*/Containerfile"))


def _pyproject(text: str, root: Path) -> str:
    names = members(root)
    packages = [f"arkalia_{name.replace('-', '_')}" for name in names]
    services = packages[len(LIBRARIES) :]
    beside = [f"arkalia_{name}" for name in BESIDE]
    siblings = " | ".join((*beside, *services))
    lists = {
        'dependencies = ["arkalia-': (f"arkalia-{name}" for name in (*names, *BESIDE)),
        'exclude = ["workloads/': (f"workloads/{name}" for name in data_services(root)),
        "mypy_path = [": (*BESIDE, *(f"workloads/{name}" for name in names), "dev"),
        "packages = [": (*beside, *packages, *DEV_PACKAGES),
        "root_packages = [": (*beside, *packages),
        'layers = ["arkalia_operator | ': (siblings, "arkalia_runtime", "arkalia_contract"),
        'forbidden_modules = ["arkalia_runtime"': (
            *("arkalia_runtime", *services),
            *("fastapi", "starlette", "uvicorn"),
        ),
    }
    for beginning, values in lists.items():
        text = _with_list(text, beginning, values)
    sources = (f"arkalia-{name} = {{ workspace = true }}\n" for name in (*names, *BESIDE))
    return _replaced(text, r"(\[tool\.uv\.sources\]\n).*?(?=\n\[)", "".join(sources))


def _with_list(text: str, beginning: str, values: Iterable[str]) -> str:
    """*text* with *values* in the list whose line begins with *beginning*, spaces not counted."""
    key, _, first = beginning.partition("[")
    pattern = rf"(?m)^({re.escape(key)}\[)\s*{re.escape(first)}[^\]]*\]"
    lines = "".join(f'    "{value}",\n' for value in values)
    return _replaced(text, pattern, f"\n{lines}]")


def _replaced(text: str, pattern: str, new: str) -> str:
    """*text* with *new* after the first group of *pattern*, which must be there once."""
    found = re.compile(pattern, re.DOTALL)
    if len(found.findall(text)) != 1:
        msg = f"no place, or more than one, for a generated list: {pattern}"
        raise MarkError(msg)
    return found.sub(lambda match: match[1] + new, text)
