"""Format: whether an answer has the form that was asked for: length, Markdown, JSON and its schema."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from arkalia_sandozia import schemas
from arkalia_sandozia.findings import Finding, Severity

MOST_SHOWN: Final = 10
"""Places that do not fit the schema."""
DEEPEST: Final = 64
"""Brackets inside each other; the parser stands on the stack."""

_FENCE: Final = re.compile(r"^ {0,3}```", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]\n]{0,200}\]\(\s*\)")
_TABLE_RULE: Final = re.compile(r"^\|?[ :|-]{3,400}\|[ :|-]{0,400}$")


class Form(StrEnum):
    """What kind of text an answer is."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Format:
    """The form that is asked for."""

    form: Form = Form.TEXT
    schema: Any = None
    """JSON schema; None for any JSON."""
    shortest: int = 0
    longest: int | None = None
    """Characters."""


def misfits(answer: str, wanted: Format) -> tuple[list[Finding], list[str]]:
    """What does not fit, and what of the schema was not looked at."""
    found = _length(answer, wanted)
    if wanted.form is Form.JSON:
        of_json, not_examined = _json(answer, wanted.schema)
        return found + of_json, not_examined
    if wanted.form is Form.MARKDOWN:
        found += _markdown(answer)
    return found, []


def _length(answer: str, wanted: Format) -> list[Finding]:
    if wanted.longest is not None and len(answer) > wanted.longest:
        wrong = f"It has {len(answer)} characters; {wanted.longest} are allowed."
        return [_finding("length", wanted.longest, len(answer), wrong)]
    if len(answer) < wanted.shortest:
        wrong = f"It has {len(answer)} characters; at least {wanted.shortest} are asked for."
        return [_finding("length", 0, len(answer), wrong)]
    return []


def _json(answer: str, schema: Any) -> tuple[list[Finding], list[str]]:
    if _depth(answer) > DEEPEST:
        wrong = f"Its brackets stand more than {DEEPEST} deep."
        return [_finding("json", 0, len(answer), wrong)], []
    try:
        document = json.loads(answer)
    except ValueError as error:
        at = min(getattr(error, "pos", 0), max(0, len(answer) - 1))
        wrong = f"It is no JSON: {getattr(error, 'msg', error)}."
        return [_finding("json", at, len(answer), wrong)], []
    if schema is None:
        return [], []
    faults, unknown = schemas.faults(document, schema)
    found = [_finding("schema", 0, len(answer), each) for each in faults[:MOST_SHOWN]]
    return found, [f"format: the schema's keyword `{each}`" for each in sorted(unknown)]


def _depth(text: str) -> int:
    """How deep brackets stand, those in strings included: never too small."""
    depth = deepest = 0
    for each in re.finditer(r"[\[\]{}]", text):
        depth += 1 if each.group() in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _markdown(answer: str) -> list[Finding]:
    found = []
    fences = [each.start() for each in _FENCE.finditer(answer)]
    if len(fences) % 2:
        wrong = "A block of code begins and does not end."
        found.append(_finding("markdown", fences[-1], len(answer), wrong))
    links = list(_LINK.finditer(answer))[:MOST_SHOWN]
    found += [_finding("markdown", *each.span(), "A link leads nowhere.") for each in links]
    return found + _tables(answer)


def _tables(answer: str) -> list[Finding]:
    """Tables whose rule has another number of columns than their head."""
    found, at, head = [], 0, ""
    for line in answer.splitlines(keepends=True):
        text = line.strip()
        rule = _TABLE_RULE.fullmatch(text) and "-" in text
        if rule and "|" in head and _columns(head) != _columns(text):
            wrong = f"A table has {_columns(head)} columns in its head and {_columns(text)} below."
            found.append(_finding("markdown", at, at + len(line), wrong))
        at, head = at + len(line), text
    return found[:MOST_SHOWN]


def _columns(line: str) -> int:
    return line.strip("|").replace(r"\|", "").count("|") + 1


def _finding(kind: str, start: int, end: int, wrong: str) -> Finding:
    return Finding(f"format/{kind}", Severity.HIGH, start, end, wrong)
