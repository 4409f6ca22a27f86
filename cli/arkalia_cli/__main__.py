"""The process: the verbs under the name by which they were called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from arkalia_cli.program import app

PLUGIN: Final = "kubectl-arkalia"


def main() -> None:
    """Run the command line and end the process with its exit code."""
    called = Path(sys.argv[0]).name
    app(prog_name="kubectl arkalia" if called.startswith(PLUGIN) else "arkalia")


if __name__ == "__main__":
    main()
