"""The command line: write every generated file, or check that each is up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from arkalia_generate import module_rules, operator_monitoring, rbac_rules, values_schema

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = (module_rules, operator_monitoring, rbac_rules, values_schema)


def generated(root: Path) -> dict[Path, str]:
    """The content that each generated file below *root* should have."""
    return {path: text for source in SOURCES for path, text in source.files(root).items()}


def outdated(root: Path) -> dict[Path, str]:
    """Those of the generated files that are missing or differ."""
    return {
        path: text
        for path, text in generated(root).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    """Write what is outdated, or only name it. Exit code 1 if a check finds something."""
    parser = argparse.ArgumentParser(prog="arkalia_generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    check = parser.parse_args().check
    for path, text in outdated(ROOT).items():
        sys.stdout.write(f"{'outdated' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and outdated(ROOT):
        sys.stdout.write("Run `make generate` and commit what it writes.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
