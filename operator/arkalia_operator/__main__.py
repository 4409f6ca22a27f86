"""The command `arkalia-operator`: `run`, the default, and `version`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import kopf
import uvloop

from arkalia_operator import logs, preview_command
from arkalia_operator.errors import ApiError, ResourcesNotServedError, SettingsError
from arkalia_operator.program import operate
from arkalia_operator.settings import PREFIX, Settings

LOGGER = logging.getLogger(__name__)

EXIT_FAILED: Final = 1
EXIT_UNAVAILABLE: Final = 69
"""EX_UNAVAILABLE of sysexits.h: what the operator needs is not there."""
EXIT_CONFIGURATION: Final = 78
"""EX_CONFIG of sysexits.h: a setting cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="arkalia-operator",
        description="Makes a cluster match its ArkaliaSystem resources, and says how far it is.",
        epilog=_settings_explained(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run the operator (the default)")
    commands.add_parser("version", help="print the version")
    plan = commands.add_parser("plan", help="tell what would be done to systems, and do nothing")
    preview_command.add_words(plan)
    words = parser.parse_args(arguments)
    if words.command == "version":
        sys.stdout.write(version("arkalia-operator") + "\n")
        return 0
    if words.command == "plan":
        return _plan(words)
    return _run()


def _plan(words: argparse.Namespace) -> int:
    if not words.file and not words.upgrade:
        sys.stderr.write("arkalia-operator plan: write --file with a file, or --upgrade\n")
        return EXIT_FAILED
    try:
        settings = Settings.from_environment(os.environ)
        return uvloop.run(preview_command.run(words, settings))
    except (SettingsError, ApiError, ValueError, OSError, kopf.LoginError) as error:
        sys.stderr.write(f"arkalia-operator plan: {error}\n")
        return EXIT_FAILED


def _settings_explained() -> str:
    """Every variable with its meaning."""
    lines = (
        f"  {PREFIX}{name.upper()}={field.get_default() or ''}\n      {' '.join((field.description or '').split())}"
        for name, field in Settings.model_fields.items()
    )
    return "\n".join(("Settings are environment variables, here with their defaults:", *lines))


def _run() -> int:
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"arkalia-operator: {error}\n")
        return EXIT_CONFIGURATION
    logs.configure(settings.log_format, settings.log_level)
    try:
        return 0 if uvloop.run(operate(settings)) else EXIT_FAILED
    except ResourcesNotServedError as error:
        LOGGER.critical("%s", error)
        return EXIT_UNAVAILABLE
    except (kopf.LoginError, OSError) as error:
        LOGGER.critical("The operator cannot start: %s", error)
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
