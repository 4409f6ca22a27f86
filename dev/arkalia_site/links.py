"""Where a file of the repository is on the site, and what a link between two files becomes there."""

from __future__ import annotations

import html
import posixpath
import re
from typing import Final

DOCS: Final = "docs/"
REPOSITORY: Final = "https://github.com/arkalia-luna-system/arkalia-luna-pro/blob/main/"
OUTSIDE: Final = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "dev/README.md": "reference/development-cluster.md",
}
"""Pages that stand elsewhere in the repository, and their place on the site."""
CHART: Final = re.compile(r"charts/([\w-]+)/README\.md")
LINK: Final = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")


def anchor(heading: str, separator: str = "-") -> str:
    """The anchor of *heading*, the same as in the repository."""
    words = re.sub(r"[^\w\- ]", "", html.unescape(heading).strip().lower())
    return words.replace(" ", separator)


def on_site(path: str) -> str | None:
    """The place of the page *path* of the repository on the site, or None if it is not there."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    if chart := CHART.fullmatch(path):
        return f"reference/charts/{chart[1]}.md"
    return OUTSIDE.get(path)


def rewritten(text: str, source: str) -> str:
    """*text* of the repository's page *source*, with its links as they are on the site."""
    return LINK.sub(lambda link: link[1] + target(link[2], source) + link[3], text)


def target(link: str, source: str) -> str:
    """What *link* in the repository's page *source* becomes: a page of the site, or a file of the repository."""
    path, _, fragment = link.partition("#")
    if "://" in link or path == "":
        return link
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    there = on_site(file)
    if there is None:
        return REPOSITORY + file
    here = posixpath.dirname(on_site(source) or "")
    return posixpath.relpath(there, here or ".") + (f"#{fragment}" if fragment else "")
