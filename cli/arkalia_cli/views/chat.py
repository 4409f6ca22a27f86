"""What is told beside an answer, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Body = Mapping[str, Any]

UNPRINTABLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""What could command a terminal, or let a text look like another one."""
MOST_REASONS: Final = 5


def shown(text: str) -> str:
    """*text* of a model, without what a terminal would obey."""
    return UNPRINTABLE.sub("", text)


def beside(told: Body) -> str:
    """The score of an answer with its reasons, and who gave it."""
    return "\n".join(shown(line) for line in _lines(told))


def _lines(told: Body) -> Iterator[str]:
    yield " · ".join(_summary(told))
    yield from _reasons(told["validation"]["reasons"], "check")
    prompt = told["prompt"]
    if prompt["verdict"] != "passed":
        yield f"the question looks like an attack ({prompt['score']:.2f}):"
        yield from _reasons(prompt["reasons"], "reason")
    if told["finish_reason"] == "content_filter":
        yield "the answer is withheld: it gives away what it must not"
    kept = told.get("kept") or {}
    if kept.get("status") in ("full", "unavailable"):
        yield f"not kept: {kept['detail']}"


def _summary(told: Body) -> Iterator[str]:
    validation, tokens = told["validation"], told["tokens"]
    if validation["score"] is None:
        yield f"not validated ({validation['detail'].rstrip('.')})"
    else:
        yield f"score {validation['score']:.2f}"
    yield f"{told['model']} on {told['backend']}"
    if tokens["completion"] is not None:
        yield f"{tokens['completion']} tokens"
    yield f"{told['timings']['total']:.1f} s"


def _reasons(found: list[Body], kind: str) -> Iterator[str]:
    for each in found[:MOST_REASONS]:
        yield f"  {each[kind]}: {each['message']}"
    if len(found) > MOST_REASONS:
        yield f"  and {len(found) - MOST_REASONS} more"


def go_on(conversation: str) -> str:
    """How a conversation that is kept goes on."""
    return f"Go on with `arkalia chat --conversation {conversation}`."
