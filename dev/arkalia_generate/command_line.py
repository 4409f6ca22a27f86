"""What the command line ships and tells: the words that it explains, and its reference page.

The words come from `arkalia_operator.api` (condition types and reasons) and the runbooks, so that a
terminal and the documentation say the same. The page is Typer's own rendering of the verbs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer.cli
import typer.main

from arkalia_cli.errors import Exit
from arkalia_cli.program import app
from arkalia_generate.runbook_index import alerts
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.words import Explained

PAGE: Final = "docs/reference/command-line.md"
WORDS: Final = "cli/arkalia_cli/knowledge/words.json"
NOTE: Final = "<!-- GENERATED from cli/arkalia_cli by `make generate`: do not edit. -->\n\n"
INTRODUCTION: Final = """\
# The command line

{help} How it is used: [look into a system](../how-to/look-into-a-system.md).

## Exit codes

| code | meaning |
|---|---|
{exits}
"""
SECTION: Final = re.compile(r"^## (.+)\n", re.MULTILINE)

Entry = dict[str, Any]


def texts(root: Path) -> dict[str, str]:
    """The words and the page, by path."""
    known = {**_words("condition", ConditionType), **_words("reason", Reason), **_alerts(root)}
    return {
        WORDS: json.dumps(known, indent=1, ensure_ascii=False) + "\n",
        PAGE: NOTE + _page(),
    }


def _words(kind: str, words: type[Explained]) -> dict[str, Entry]:
    return {word.value: _entry(kind, word.meaning, _sections(word)) for word in words}


def _sections(word: Explained) -> dict[str, str]:
    return {"Meaning": word.meaning, **({"What to do": word.remedy} if word.remedy else {})}


def _alerts(root: Path) -> dict[str, Entry]:
    summaries = {rule["alert"]: rule["annotations"]["summary"] for rule in alerts(root)}
    return {
        name: _entry("alert", summaries[name], dict(_runbook(root, name)))
        for name in sorted(summaries)
    }


def _runbook(root: Path, name: str) -> Iterator[tuple[str, str]]:
    """Heading and text of each section of the runbook of alert *name*."""
    page = (root / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    _, *parts = SECTION.split(page)
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        yield heading, re.sub(r"```sh[^\n]*", "```sh", text.strip())


def _entry(kind: str, summary: str, sections: dict[str, str]) -> Entry:
    return {"kind": kind, "summary": summary, "sections": sections}


def _page() -> str:
    command = typer.main.get_command(app)
    exits = "\n".join(f"| {code.value} | {code.meaning} |" for code in Exit)
    verbs = [_verb(command.commands[name]) for name in command.commands]  # type: ignore[attr-defined]
    return "\n".join([INTRODUCTION.format(help=app.info.help, exits=exits), *verbs]).rstrip() + "\n"


def _verb(command: Any) -> str:
    context = typer.Context(command, info_name=f"arkalia {command.name}")
    text = typer.cli.get_docs_for_click(obj=command, ctx=context, indent=1, call_prefix="arkalia")
    return re.sub(r"```console\n\$ ", "```text\n", text)
