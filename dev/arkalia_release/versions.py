"""Versions after SemVer, and every place of the checkout that states the present one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arkalia_release.errors import ReleaseError

SEMVER: Final = re.compile(
    r"(?P<major>0|[1-9]\d*)\.(?P<minor>0|[1-9]\d*)\.(?P<patch>0|[1-9]\d*)"
    r"(?:-(?P<pre>(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?"
)
"""Without build metadata: a `+` may stand in no tag of an image."""

PROJECT: Final = re.compile(
    r'^(?P<before>version = ")(?P<version>[^"]+)(?P<after>")$', re.MULTILINE
)
CHART: Final = re.compile(
    r'^(?P<before>(?:version|appVersion): "?)(?P<version>[^"\s]+)(?P<after>"?)$', re.MULTILINE
)
RECIPE: Final = re.compile(r"^(?P<before>ARG VERSION=)(?P<version>\S+)(?P<after>)$", re.MULTILINE)
ADDRESS: Final = re.compile(
    r"^(?P<before> *(?:targetRevision|tag): )(?P<version>\d\S*)(?P<after>)$", re.MULTILINE
)
PLACES: Final[Mapping[str, re.Pattern[str]]] = {
    "pyproject.toml": PROJECT,
    "operator/pyproject.toml": PROJECT,
    "cli/pyproject.toml": PROJECT,
    "workloads/*/pyproject.toml": PROJECT,
    "charts/*/Chart.yaml": CHART,
    "operator/Containerfile": RECIPE,
    "workloads/Containerfile": RECIPE,
    "workloads/*/Containerfile": RECIPE,
    "manifests/argocd/*.yaml": ADDRESS,
    "manifests/flux/operator.yaml": ADDRESS,
}
"""Patterns of paths, each with the lines that state the version."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version; `str` gives it back as it was written."""

    text: str
    numbers: tuple[int, int, int]
    pre: tuple[str, ...]

    def __str__(self) -> str:
        return self.text

    def follows(self, other: Version) -> bool:
        """Whether it is later than *other*, as SemVer orders them."""
        return self.order > other.order

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        """What sorts versions from the earliest to the latest."""
        parts = [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.pre
        ]
        return self.numbers, not self.pre, parts


def parsed(text: str) -> Version:
    """The version that *text* writes, with or without the `v` of a tag. Raises ReleaseError."""
    match = SEMVER.fullmatch(text.removeprefix("v"))
    if match is None:
        msg = f"{text} is not a version: write three numbers, for example 1.4.0 or 1.4.0-rc.1"
        raise ReleaseError(msg)
    numbers = (int(match["major"]), int(match["minor"]), int(match["patch"]))
    pre = tuple(match["pre"].split(".")) if match["pre"] else ()
    return Version(match[0], numbers, pre)


def stated(root: Path) -> dict[str, set[str]]:
    """What each place below *root* states, by path."""
    return {
        str(path.relative_to(root)): {each["version"] for each in pattern.finditer(_text(path))}
        for path, pattern in _places(root)
    }


def present(root: Path) -> Version:
    """The version that every place states. Raises ReleaseError where they differ or are silent."""
    found = stated(root)
    said = {version for versions in found.values() for version in versions}
    silent = sorted(path for path, versions in found.items() if not versions)
    if silent:
        msg = f"no version is stated in {', '.join(silent)}"
        raise ReleaseError(msg)
    if len(said) != 1:
        lines = (f"  {path}: {', '.join(sorted(each))}" for path, each in sorted(found.items()))
        raise ReleaseError("\n".join(("not every place states the same version:", *lines)))
    return parsed(said.pop())


def stamp(root: Path, version: Version) -> list[str]:
    """State *version* in every place below *root*; gives the paths that changed."""
    changed = []
    for path, pattern in _places(root):
        text = _text(path)
        new = stamped(text, pattern, version)
        if new != text:
            path.write_text(new, encoding="utf-8")
            changed.append(str(path.relative_to(root)))
    return changed


def stamped(text: str, pattern: re.Pattern[str], version: Version) -> str:
    """*text* with *version* wherever *pattern* finds one."""
    return pattern.sub(lambda match: f"{match['before']}{version}{match['after']}", text)


def _places(root: Path) -> Iterator[tuple[Path, re.Pattern[str]]]:
    for glob, pattern in PLACES.items():
        for path in sorted(root.glob(glob)):
            yield path, pattern


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
