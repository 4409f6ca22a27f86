"""`arkalia-migrate forward|back`: moves the schema of the module that ARKALIA_MODULE names.

`forward` does every step that this image knows; `back` undoes those that came after the version in
ARKALIA_TARGET_VERSION. It ends with 0, or with one sentence on standard error and another code.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from alembic.runtime.migration import RevisionStep
from pydantic_settings import SettingsConfigDict

from arkalia_contract import environment
from arkalia_runtime import access
from arkalia_runtime.logs import configure_logging
from arkalia_runtime.migrations import revisions
from arkalia_runtime.migrations.errors import MigrationError, WrongSettingError
from arkalia_runtime.migrations.server import WAIT_SECONDS, Schema
from arkalia_runtime.settings import ServiceSettings, SettingsError, load_settings

PROGRAM: Final = "arkalia-migrate"


class MigrationSettings(ServiceSettings):
    """What a migration can be told; the settings that only its service knows are not its own."""

    model_config = SettingsConfigDict(extra="ignore")

    target_version: str = ""
    """Version to go back to."""

    migration_wait_seconds: float = WAIT_SECONDS
    """Seconds that it waits for PostgreSQL and for other migrations."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Move the schema; ends the process."""
    way = _parser().parse_args(arguments).way
    try:
        settings = load_settings(MigrationSettings)
        configure_logging(settings.log_level, {"module": settings.module})
        done = move(settings, way)
    except SettingsError as error:
        _fail(str(error), os.EX_CONFIG)
    except MigrationError as error:
        _fail(str(error), error.code)
    else:
        steps = ", ".join(done) or "nothing to do"
        sys.stdout.write(f"{PROGRAM} {way}: {steps}\n")


def move(settings: MigrationSettings, way: str) -> list[str]:
    """Do what *way* says; returns the revisions that were done. Raises MigrationError."""
    if not settings.module:
        message = f"{environment.MODULE} is not set: it is not known whose schema to move"
        raise WrongSettingError(message)
    scripts = revisions.scripts_of(settings.module)
    schema = Schema(settings, access.postgresql(settings), settings.migration_wait_seconds)
    return schema.move(scripts, partial(_chosen(settings, way), scripts))


def _chosen(settings: MigrationSettings, way: str) -> Callable[..., list[RevisionStep]]:
    if way == "forward":
        return revisions.forward
    if not settings.target_version:
        message = f"{environment.TARGET_VERSION} is not set: it is not known how far to go back"
        raise WrongSettingError(message)
    return partial(revisions.back, target=revisions.version_of(settings.target_version))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("way", choices=("forward", "back"))
    return parser


def _fail(sentence: str, code: int) -> None:
    sys.stderr.write(f"{PROGRAM} did nothing: {sentence}\n")
    sys.exit(code)
