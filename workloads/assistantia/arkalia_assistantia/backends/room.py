"""Whether a model has room for a question, as far as its server tells how much it reads.

A server that is asked all the same may read everything before it refuses, and everybody waits for it:
llama.cpp took 72 s for half a megabyte, of which it had room for a hundredth.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from arkalia_assistantia.backends.choosing import Choice
from arkalia_assistantia.backends.errors import NoAnswerError

CHARACTERS: Final = 16
"""Of a token, at most, on the average of a text: of English it has four, of program text three."""

TOLD_AS: Final = ("max_model_len", "context_length")
"""Where vLLM and OpenRouter tell the tokens that a model reads; llama.cpp does in `meta.n_ctx`."""


def tokens(told: Mapping[str, Any]) -> int:
    """How many tokens the model reads of which a list of models says *told*; 0 if it does not tell."""
    meta = told.get("meta")
    found = [told.get(name) for name in TOLD_AS]
    found.append(meta.get("n_ctx") if isinstance(meta, Mapping) else None)
    return next((each for each in found if isinstance(each, int) and each > 0), 0)


def with_room(
    found: Iterable[Choice], body: Mapping[str, Any], reads: Callable[[Choice], int]
) -> list[Choice]:
    """Those of *found* that may have room for *body*. Raises NoAnswerError if none has.

    *reads* tells how many tokens one reads, and 0 if nobody knows.
    """
    long = characters(body)
    known = [(choice, reads(choice)) for choice in found]
    fitting = [choice for choice, read in known if not read or long <= read * CHARACTERS]
    if known and not fitting:
        choice, read = max(known, key=lambda each: each[1])
        message = (
            f"The question is too long: it has {long} characters, and {choice.model} reads {read} "
            f"tokens, which are never more than {read * CHARACTERS} characters."
        )
        raise NoAnswerError(HTTPStatus.BAD_REQUEST, "context_length_exceeded", message)
    return fitting


def characters(body: Mapping[str, Any]) -> int:
    """Characters of the texts of a request in OpenAI's form; images and files are none."""
    asked = body.get("messages") or [{"content": body.get("input")}]
    return sum(_length(each.get("content")) for each in asked if isinstance(each, Mapping))


def _length(content: Any) -> int:
    if isinstance(content, str):
        return len(content)
    parts = content if isinstance(content, list) else []
    return sum(_length(each.get("text") if isinstance(each, Mapping) else each) for each in parts)
