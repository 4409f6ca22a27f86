"""Every page that shows commands for a cluster is true: they are typed here as they stand.

The pages work on the system that `make up` leaves behind, and put back what they change.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.development import environment

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^ *```sh cluster\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PAGES = {
    str(page.relative_to(ROOT)): blocks
    for page in sorted(ROOT.glob("docs/**/*.md"))
    if (blocks := BLOCK.findall(page.read_text(encoding="utf-8")))
}
PROGRAMS = Path(sys.executable).parent
"""Where `arkalia` is installed."""
LONGEST_BLOCK_SECONDS = 600


def typed(block):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=ROOT,
        env={**environment(), "PATH": f"{PROGRAMS}:{environment()['PATH']}"},
        capture_output=True,
        text=True,
        timeout=LONGEST_BLOCK_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page_do_what_it_says(operator, page):
    for block in PAGES[page]:
        answer = typed(block)

        assert answer.returncode == 0, f"{block}\n{answer.stdout}\n{answer.stderr}"
