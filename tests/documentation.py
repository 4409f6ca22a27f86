"""The pages of the documentation and the shell in them, as the tests of both commands read them.

A fenced shell block says after its language how far it is proven:

- `sh run`: `make check` runs it in the repository's root;
- `sh cluster`: `make test` runs it on the development cluster. The blocks of a page are typed one
  after another into one shell. A third word says how:
  - `background`: it goes on while the blocks after it run, and ends with the page;
  - `seeks`: it looks for what only something broken has, so it may find nothing;
  - `node`: it needs the node without Docker;
- `sh parsed`: only parsed. docs/testing.md says why, by what is in it.

A block that is followed by one marked `output` prints that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "dev/*.md", "charts/*/README.md")
    for path in ROOT.glob(pattern)
)
MARKS: Final = {
    "sh run",
    "sh cluster",
    "sh cluster background",
    "sh cluster seeks",
    "sh cluster node",
    "sh parsed",
}
FENCE: Final = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
OUTPUT: Final = " output"
AGE: Final = re.compile(r"(\d+[smhd])+")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of shell."""

    page: str
    mark: str
    text: str
    output: str = ""
    """What it prints, if the page shows it."""
    language: str = ""
    """Of the output."""

    @property
    def manner(self) -> str:
        """How it is run on the cluster, if not simply."""
        return self.mark.removeprefix("sh cluster").strip()

    @property
    def first_line(self) -> str:
        """By which it is known."""
        return self.text.splitlines()[0]


def name(page: Path) -> str:
    """*page* as others name it."""
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    """What stands in it."""
    return page.read_text(encoding="utf-8")


def shell(page: Path) -> list[Block]:
    """Its blocks of shell, in order."""
    fences = [(mark.strip(), _outdented(text, indent)) for indent, mark, text in _fences(page)]
    following = [*fences, ("", "")][1:]
    return [
        Block(name(page), mark, text, *_output(*after))
        for (mark, text), after in zip(fences, following, strict=True)
        if mark.split(" ")[0] == "sh"
    ]


def printed(block: Block, out: str) -> bool:
    """Whether *out* shows what the page says. Lines between are nobody's business, nor are ages."""
    if block.language == "json":
        return bool(json.loads(out) == json.loads(block.output))
    lines = iter([line.split() for line in out.splitlines()])
    return all(
        any(_alike(wanted.split(), line) for line in lines) for wanted in block.output.splitlines()
    )


def _alike(wanted: list[str], seen: list[str]) -> bool:
    if "..." in wanted:
        cut = wanted.index("...")
        return wanted[:cut] == seen[:cut]
    return len(wanted) == len(seen) and all(
        one == other or bool(AGE.fullmatch(one) and AGE.fullmatch(other))
        for one, other in zip(wanted, seen, strict=True)
    )


def _fences(page: Path) -> Iterator[Any]:
    yield from FENCE.findall(read(page))


def _outdented(text: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


def _output(mark: str, text: str) -> tuple[str, str]:
    language, _, _ = mark.partition(OUTPUT)
    return (text, language) if mark.endswith(OUTPUT) else ("", "")
