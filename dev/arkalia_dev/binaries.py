"""Programs built from Go modules, kept in the cache under everything that decides what they are.

A folder in the cache is named by component, version and a fingerprint of its recipe. It appears by a
rename when it is complete, so whatever is there may be used.
"""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.files import fingerprint
from arkalia_dev.versions import Component, Versions

RECIPE = ("go.mod", "go.sum", "*.go")


@dataclass(frozen=True)
class Binaries:
    """Where the programs are built from and kept."""

    cache: Path
    sources: Path
    """dev/go: one folder per component."""
    versions: Versions

    def source(self, component: Component) -> Path:
        """The folder with its go.mod."""
        return self.sources / component.source

    def folder(self, component: Component) -> Path:
        """Where the programs of *component* are, once built."""
        source = self.source(component)
        files = [file for pattern in RECIPE for file in source.glob(pattern)]
        options = (*component.packages, *component.ldflags, *component.tags)
        facts = (*options, platform.machine())
        name = f"{component.name}-{component.version}-{fingerprint(files, *facts)}"
        return self.cache / "bin" / name

    def program(self, name: str) -> Path:
        """The path of the program *name*, built or not."""
        for component in self.versions.components.values():
            if name in component.binaries:
                return self.folder(component) / name
        raise KeyError(name)

    def is_built(self, component: Component) -> bool:
        """Whether the cache has its programs."""
        return self.folder(component).is_dir()

    def build_actions(self, component: Component, go: Path | str) -> list[Action]:
        """What builds *component* into the cache."""
        final = self.folder(component)
        partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
        build = command(
            *(
                go,
                "build",
                "-v",
                "-trimpath",
                f"-ldflags={' '.join(('-s', '-w', *component.ldflags))}",
            ),
            *((f"-tags={','.join(component.tags)}",) if component.tags else ()),
            *("-o", self._output(component, partial), *self._targets(component)),
            cwd=self.source(component),
            env={"CGO_ENABLED": "0"},
            timeout=40 * MINUTE,
        )
        return [
            Call(f"make the folder {partial}", lambda: _renew(partial)),
            build,
            Call(f"rename it to {final}", lambda: _install(partial, final)),
        ]

    def fetch_action(self, component: Component, go: Path | str) -> Action:
        """What downloads the modules that *component* is compiled from, and no others."""
        targets = self._targets(component)
        source = self.source(component)
        return command(go, "list", "-deps", *targets, cwd=source, timeout=15 * MINUTE)

    def _targets(self, component: Component) -> tuple[str, ...]:
        own = (self.source(component) / "main.go").exists()
        return component.packages or (("." if own else "tool"),)

    def _output(self, component: Component, folder: Path) -> str:
        """A file for one program, whose package may have another name; a folder for several."""
        one = len(component.binaries) == 1
        return str(folder / component.binaries[0]) if one else f"{folder}/"

    def path_folder(self) -> Path:
        """One folder with a link to each program that is built; goes first on PATH."""
        folders = [str(self.folder(c)) for c in self.versions.components.values()]
        folder = self.cache / "path" / fingerprint((), *folders)
        folder.mkdir(parents=True, exist_ok=True)
        for component in self.versions.components.values():
            if self.is_built(component):
                _link(folder, self.folder(component), component.binaries)
        return folder


def _link(folder: Path, target: Path, names: tuple[str, ...]) -> None:
    for name in names:
        link = folder / name
        if not link.is_symlink():
            partial = folder / f".{name}.{os.getpid()}"
            partial.symlink_to(target / name)
            partial.replace(link)


def _renew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _install(partial: Path, final: Path) -> None:
    """Another checkout may have built the same meanwhile: then its result stays."""
    try:
        partial.rename(final)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not final.is_dir():
            raise
