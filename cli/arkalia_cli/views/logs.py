"""Lines of many containers, joined in the order of their times and each with where it comes from."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from rich.text import Text

from arkalia_cli.errors import NotFoundError, close_matches

COLOURS: Final = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_magenta")
HEAD: Final = {
    "time", "level", "logger", "message", "module", "system", "namespace", "pod",
}  # fmt: skip
"""What a line says before its own fields, and what its prefix says already."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A container whose lines are read."""

    module: str
    """Module or data service; empty where it is neither's."""
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    time: str
    """RFC 3339 in UTC with nanoseconds, so that times compare as texts."""
    source: Source
    line: str


def entry(source: Source, raw: str) -> Entry:
    """The line that *source* wrote as *raw*: a time, a blank, the line itself."""
    time, _, line = raw.partition(" ")
    return Entry(time, source, line)


def joined(each: Iterable[Sequence[Entry]]) -> Iterator[Entry]:
    """All lines in the order of their times; those of one container keep theirs."""
    return iter(heapq.merge(*each, key=lambda line: line.time))


def chosen(sources: Iterable[Source], modules: Sequence[str]) -> list[Source]:
    """The sources of *modules*, or all if none is named. Raises NotFoundError for an unknown one."""
    every = sorted(sources)
    known = {each.module for each in every if each.module}
    for module in modules:
        if module not in known:
            message = f"the system has no pod of a module {module}"
            raise NotFoundError(message, close_matches(module, known))
    return [each for each in every if not modules or each.module in modules]


def text(line: Entry) -> Text:
    """One line for people: the time of the day in UTC, where it comes from, what it says."""
    prefix = f"{line.source.module} {line.source.pod}".strip()
    return Text.assemble(
        (f"{_clock(line.time)} ", "dim"), (prefix, _colour(line.source.module)), (" │ ", "dim"),
        _readable(line.line),
    )  # fmt: skip


def data(line: Entry) -> dict[str, str]:
    """One line for programs."""
    where = line.source
    return {
        "time": line.time,
        "module": where.module,
        "pod": where.pod,
        "container": where.container,
        "line": line.line,
    }


def _clock(time: str) -> str:
    """Hours to milliseconds of *time*, always in the same width."""
    clock, _, fraction = time.partition("T")[2].removesuffix("Z").partition(".")
    return f"{clock}.{fraction[:3]:0<3}"


def _readable(line: str) -> str:
    """What a module writes as JSON as words: level, message, and what else it says."""
    try:
        told = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return line
    if "message" not in told:
        return line
    more = [f"{key}={value}" for key, value in told.items() if key not in HEAD]
    return " ".join([str(told.get("level", "")), str(told["message"]), *more]).strip()


def _colour(module: str) -> str:
    return COLOURS[crc32(module.encode()) % len(COLOURS)]
