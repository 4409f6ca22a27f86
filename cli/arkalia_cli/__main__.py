"""The processes: the verbs under the name by which they were called, and what Tab asks for."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from arkalia_cli.completion import ASKS
from arkalia_cli.program import app

PLUGIN: Final = "kubectl-arkalia"
NO_FILES: Final = ":4"
"""Tells kubectl not to offer names of files beside the proposals."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    called = Path(sys.argv[0]).name
    app(prog_name="kubectl arkalia" if called.startswith(PLUGIN) else "arkalia")


def complete() -> None:
    """Propose what may come next: kubectl calls this with the words after `kubectl arkalia`."""
    words = sys.argv[1:]
    os.environ[ASKS] = "complete_bash"
    os.environ["COMP_WORDS"] = shlex.join(["arkalia", *words])
    os.environ["COMP_CWORD"] = str(len(words))
    try:
        app(prog_name="arkalia")
    finally:
        print(NO_FILES)


if __name__ == "__main__":
    main()
