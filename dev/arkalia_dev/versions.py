"""The pinned versions of dev/versions.toml as typed values."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Component:
    """A program that is built from its Go module."""

    name: str
    version: str
    module: str
    binaries: tuple[str, ...]
    purposes: frozenset[str]
    source: str
    """The folder below dev/go with its go.mod."""
    packages: tuple[str, ...] = ()
    """What is built; by default the tools of the go.mod, or the program beside it."""
    ldflags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class CustomResources:
    """A module whose folder holds custom resource definitions that tests install."""

    name: str
    version: str
    module: str
    folder: str


@dataclass(frozen=True)
class Versions:
    """All of dev/versions.toml."""

    toolchain: dict[str, str]
    kind: dict[str, str]
    components: dict[str, Component]
    crds: dict[str, CustomResources]

    def for_purpose(self, purpose: str) -> tuple[Component, ...]:
        """The components that *purpose* needs, in the order in which they are written."""
        return tuple(c for c in self.components.values() if purpose in c.purposes)


def load(path: Path) -> Versions:
    """Read the versions file."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Versions(
        toolchain=table["toolchain"],
        kind=table["kind"],
        components={name: _component(name, row) for name, row in table["components"].items()},
        crds={name: CustomResources(name=name, **row) for name, row in table["crds"].items()},
    )


def _component(name: str, row: dict[str, Any]) -> Component:
    return Component(
        name=name,
        version=row["version"],
        module=row.get("module", ""),
        binaries=tuple(row["binaries"]),
        purposes=frozenset(row["for"]),
        source=row.get("source", name),
        packages=tuple(row.get("packages", ())),
        ldflags=tuple(row.get("ldflags", ())),
        tags=tuple(row.get("tags", ())),
    )
