"""Which steps lead from the schema as it is to the schema as it is wanted.

A module's revisions lie in `arkalia_<module>/migrations/`, those of the events ground in
`arkalia_runtime/events/migrations/`: two lines that know nothing of each other. Each revision says
in `version` with which version of the system it came, so that going back to a version is to undo
what came later.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from alembic.runtime.migration import RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from arkalia_runtime.migrations.errors import MigrationError, WrongSettingError

FOLDER: Final = "migrations"
GROUND: Final = "arkalia_runtime.events"
"""The package whose migrations every module has."""

Version = tuple[int, int, int]

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")


def version_of(text: str) -> Version:
    """*text* as numbers that can be compared. Raises WrongSettingError."""
    found = _VERSION.fullmatch(text)
    if found is None:
        message = f"{text!r} is no version: expected a form like 1.2.3"
        raise WrongSettingError(message)
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def scripts_of(module: str) -> ScriptDirectory:
    """All revisions of *module*. Raises WrongSettingError if there is no such module here."""
    own = f"arkalia_{module.replace('-', '_')}"
    folders = [_folder(GROUND), _folder(own)]
    return scripts_in([folder for folder in folders if folder.is_dir()])


def scripts_in(folders: Iterable[Path]) -> ScriptDirectory:
    """The revisions in *folders*."""
    locations = [str(folder) for folder in folders]
    return ScriptDirectory(locations[0], version_locations=locations)


def forward(scripts: ScriptDirectory, applied: Iterable[str]) -> list[RevisionStep]:
    """The steps that are left to do, oldest first."""
    known = set(applied)
    _require_known(scripts, known)
    left = scripts.iterate_revisions(tuple(scripts.get_heads()), tuple(known), implicit_base=True)
    return [RevisionStep(scripts.revision_map, each, is_upgrade=True) for each in _oldest(left)]


def back(scripts: ScriptDirectory, applied: Iterable[str], target: Version) -> list[RevisionStep]:
    """The steps that undo what came after *target*, newest first."""
    known = set(applied)
    _require_known(scripts, known)
    _require_order(scripts)
    done = scripts.iterate_revisions(tuple(known), "base", inclusive=True)
    later = [each for each in done if _came_with(each) > target]
    return [RevisionStep(scripts.revision_map, each, is_upgrade=False) for each in later]


def _oldest(scripts: Iterable[Script]) -> Iterator[Script]:
    return reversed(list(scripts))


def _came_with(script: Script) -> Version:
    version = getattr(script.module, "version", None)
    if not isinstance(version, str):
        message = f"{script.path} does not say in `version` with which version it came"
        raise MigrationError(message)
    return version_of(version)


def _require_known(scripts: ScriptDirectory, applied: set[str]) -> None:
    for revision in sorted(applied):
        try:
            scripts.get_revision(revision)
        except CommandError as error:
            message = (
                f"the schema has the revision {revision}, which this version does not know: "
                "go back first, with the image of the version that knows it"
            )
            raise MigrationError(message) from error


def _require_order(scripts: ScriptDirectory) -> None:
    """What comes later in a line must not belong to an earlier version: it could not be undone."""
    for script in scripts.walk_revisions():
        for parent in scripts.get_revisions(script.down_revision or ()):
            if parent is not None and _came_with(parent) > _came_with(script):
                message = f"{script.path} belongs to an earlier version than {parent.path}"
                raise MigrationError(message)


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        message = f"there is no package {package} here, in which migrations could lie"
        raise WrongSettingError(message)
    return Path(found.origin).parent / FOLDER
