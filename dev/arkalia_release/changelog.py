"""CHANGELOG.md in the form of Keep a Changelog: a section taken out, and the next one begun."""

from __future__ import annotations

import re
from typing import Final

from arkalia_release.errors import ReleaseError
from arkalia_release.versions import Version

UNRELEASED: Final = "Unreleased"
SECTION: Final = re.compile(r"^## \[(?P<name>[^\]]+)\].*\n", re.MULTILINE)
GROUP: Final = re.compile(r"^### (?P<kind>.+)\n", re.MULTILINE)
ENTRY: Final = re.compile(r"^- (.+(?:\n  .+)*)", re.MULTILINE)
KINDS: Final = ("added", "changed", "deprecated", "removed", "fixed", "security")


def section(text: str, name: str) -> str:
    """What the changelog says under *name*. Raises ReleaseError if that is nothing."""
    parts = SECTION.split(text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "").strip()
    if not found:
        msg = f"CHANGELOG.md says nothing under [{name}]: write there what users will notice"
        raise ReleaseError(msg)
    return found + "\n"


def released(text: str, version: Version, day: str) -> str:
    """*text* with what was unreleased under *version*. Raises ReleaseError if there is nothing."""
    said = section(text, UNRELEASED)
    if re.search(rf"^## \[{re.escape(str(version))}\]", text, re.MULTILINE):
        msg = f"CHANGELOG.md has a section [{version}] already: choose a later version"
        raise ReleaseError(msg)
    head, _, rest = text.partition(f"## [{UNRELEASED}]\n")
    following = SECTION.search(rest)
    older = rest[following.start() :] if following else ""
    new = f"## [{UNRELEASED}]\n\n## [{version}] - {day}\n\n{said}"
    return head + new + (f"\n{older}" if older else "")


def changes(said: str) -> list[tuple[str, str]]:
    """The entries of a section with their kinds, in the words that Artifact Hub knows."""
    parts = GROUP.split(said)
    groups = zip(parts[1::2], parts[2::2], strict=True)
    return [
        (_kind(name), " ".join(entry.split()))
        for name, entries in groups
        for entry in ENTRY.findall(entries)
    ]


def _kind(name: str) -> str:
    kind = name.strip().lower()
    if kind not in KINDS:
        msg = f"CHANGELOG.md has a group '{name}': write one of {', '.join(KINDS).title()}"
        raise ReleaseError(msg)
    return kind
