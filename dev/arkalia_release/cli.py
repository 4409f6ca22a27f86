"""The verbs of `python3 -m arkalia_release`, which docs/how-to/release.md shows in their order."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arkalia_release import changelog, charts, registry, versions
from arkalia_release.errors import ReleaseError

CHECKOUT: Final = Path(__file__).resolve().parents[2]
GIT_SECONDS: Final = 30
STEPS: Final = (
    "uv lock",
    "make generate",
    "PYTHONPATH=dev .venv/bin/python -m arkalia_generate.released",
    "GOLDEN=write .venv/bin/pytest tests/golden/test_golden.py",
    "GOLDEN=release .venv/bin/pytest tests/golden/test_released.py",
    "make test",
)
"""What follows `prepare`: it runs before anything is installed, and these need what is."""
NEXT: Final = """\
{paths}

Next:
{steps}
then commit, and tag the commit that is merged:
  git tag --annotate v{version} --message "Arkalia {version}"
"""


def main(words: Sequence[str], root: Path = CHECKOUT) -> int:
    """Run one verb; return the exit code."""
    options = parser().parse_args(words)
    try:
        options.verb(options, root)
    except ReleaseError as error:
        print(f"arkalia_release: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Every verb with its arguments."""
    top = argparse.ArgumentParser(prog="arkalia_release", description="Release Arkalia.")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for verb, told, *arguments in (
        (prepare, "state a new version everywhere, and close the changelog's section", "version"),
        (check, "fail unless a tag fits what the checkout states", "tag"),
        (notes, "print what the changelog says of a version", "version"),
        (package, "package both charts", "folder"),
        (free, "fail unless nobody has published a tag yet", "reference"),
        (images, "print the images of a release as JSON, for a matrix"),
    ):
        one = verbs.add_parser(verb.__name__, help=told, description=told)
        one.set_defaults(verb=verb)
        for argument in arguments:
            one.add_argument(argument)
    return top


def prepare(options: argparse.Namespace, root: Path) -> None:
    """State a new version everywhere; what was unreleased becomes its section."""
    new, old = versions.parsed(options.version), versions.present(root)
    tags = _tags(root)
    if f"v{new}" in tags:
        msg = f"v{new} is a tag already: choose a later version"
        raise ReleaseError(msg)
    if old.follows(new):
        msg = f"{new} is earlier than {old}, which the checkout states: choose a later version"
        raise ReleaseError(msg)
    log = root / "CHANGELOG.md"
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    log.write_text(changelog.released(log.read_text("utf-8"), new, today), encoding="utf-8")
    changed = ["CHANGELOG.md", *versions.stamp(root, new)]
    steps = "\n".join(f"  {each}" for each in STEPS)
    print(NEXT.format(paths="\n".join(changed), steps=steps, version=new))


def check(options: argparse.Namespace, root: Path) -> None:
    """Fail unless the tag names the version that the checkout states and the changelog tells of."""
    wanted, stated = versions.parsed(options.tag), versions.present(root)
    if options.tag != f"v{stated}":
        msg = f"the tag {options.tag} is not v{stated}, which this commit states"
        raise ReleaseError(msg)
    changelog.changes(changelog.section(_changelog(root), str(wanted)))
    print(json.dumps({"version": str(stated), "prerelease": bool(stated.pre)}))


def notes(options: argparse.Namespace, root: Path) -> None:
    """Print the version's section of the changelog."""
    print(changelog.section(_changelog(root), str(versions.parsed(options.version))), end="")


def package(options: argparse.Namespace, root: Path) -> None:
    """Package both charts of the version that the checkout states."""
    version = versions.present(root)
    said = changelog.changes(changelog.section(_changelog(root), str(version)))
    for path in charts.package(root, Path(options.folder), version, said):
        print(path)


def free(options: argparse.Namespace, _: Path) -> None:
    """Fail unless a tag of a registry is free."""
    login = registry.Login(
        os.environ.get("REGISTRY_USER", ""), os.environ.get("REGISTRY_PASSWORD", "")
    )
    registry.require_free(options.reference, login)
    print(f"{options.reference} is free")


def images(_: argparse.Namespace, root: Path) -> None:
    """Print name, context, recipe and build arguments of every image."""
    modules = sorted(path.parent.name for path in root.glob("workloads/*/module.yaml"))
    services = sorted(path.parent.name for path in root.glob("workloads/*/Containerfile"))
    print(
        json.dumps(
            [
                _image("operator", ".", "operator/Containerfile"),
                *(_image(name, ".", "workloads/Containerfile", name) for name in modules),
                *(
                    _image(name, f"workloads/{name}", f"workloads/{name}/Containerfile")
                    for name in services
                ),
            ]
        )
    )


def _image(name: str, context: str, file: str, service: str = "") -> dict[str, str]:
    argument = f"SERVICE={service}" if service else ""
    return {"name": name, "context": context, "file": file, "arguments": argument}


def _changelog(root: Path) -> str:
    return (root / "CHANGELOG.md").read_text(encoding="utf-8")


def _tags(root: Path) -> list[str]:
    done = subprocess.run(
        ["git", "-C", str(root), "tag", "--list", "v*"],
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
        check=False,
    )
    if done.returncode:
        msg = f"git cannot list the tags of {root}: {done.stderr.strip()}"
        raise ReleaseError(msg)
    return done.stdout.split()
