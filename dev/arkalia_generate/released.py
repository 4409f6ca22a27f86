"""What each release accepts, kept to compare with: `python -m arkalia_generate.released`.

A release calls it once, after its version stands in `pyproject.toml`: it copies `crds/`, and the
resources that the API server took in `tests/cluster/right_resources/`, into
`tests/contract/released/<version>/`, which is committed with the release. What was released never
changes: a folder with something else in it is refused. `--again` writes a version anew that has
not been published yet.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from arkalia_operator.api.generated import CHECKOUT
from arkalia_release.versions import parsed

HOME: Final = "tests/contract/released"
SOURCES: Final = {"crds": "crds", "accepted": "tests/cluster/right_resources"}
"""Folders of a release, each with where it comes from."""

Files = Mapping[str, str]
"""Texts by path."""


def releases(root: Path) -> list[Path]:
    """The folders of all releases, the oldest first."""
    return sorted((root / HOME).glob("[0-9]*"), key=lambda each: parsed(each.name).order)


def files_of(folder: Path) -> Files:
    """The YAML files of *folder* by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


def version_of(root: Path) -> str:
    """The version of the checkout."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def record(root: Path, *, again: bool) -> str:
    """Keep what this checkout accepts as what its version does. Returns what was done."""
    folder = root / HOME / version_of(root)
    place = f"{HOME}/{folder.name}"
    wanted = _below(root, SOURCES)
    kept = _below(folder, {name: name for name in SOURCES})
    if kept == wanted:
        return f"{place} is up to date"
    if kept and not again:
        sys.exit(
            f"{place} says something else, and what was released does not change: raise the "
            "version in pyproject.toml, or add --again if it was not published yet"
        )
    _write(folder, kept, wanted)
    return f"wrote {place}"


def _below(root: Path, sources: Mapping[str, str]) -> Files:
    """The files of all *sources* below *root*, each by the name of its source and its own."""
    return {
        f"{name}/{file}": text
        for name, source in sources.items()
        for file, text in files_of(root / source).items()
    }


def _write(folder: Path, kept: Files, wanted: Files) -> None:
    for path in kept.keys() - wanted.keys():
        (folder / path).unlink()
    for path, text in wanted.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None, root: Path = CHECKOUT) -> int:
    """Record this checkout."""
    parser = argparse.ArgumentParser(prog="python -m arkalia_generate.released")
    parser.add_argument("--again", action="store_true", help="the version was not published yet")
    print(record(root, again=parser.parse_args(arguments).again))
    return 0


if __name__ == "__main__":
    sys.exit(main())
