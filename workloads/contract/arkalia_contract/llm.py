"""Which language models a system has: the form of `llm.json`.

The operator writes it from `spec.llm`, and a module that needs the models reads it again whenever it
changes. API keys are not in it: they are files of their own (see `files`).
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

OPENAI: Final = "openai"
OLLAMA: Final = "ollama"
Provider = Literal["openai", "ollama"]
"""Whose API a back end speaks: `openai` stands for every server that is compatible with it."""

MAIN: Final = "main"
"""Name of the back end that `spec.llm` describes itself; the others are named in `fallback`."""


class BackendAccess(TypedDict):
    """A model server."""

    name: str
    provider: Provider
    url: str
    """Base URL, with or without `/v1` at its end."""
    models: list[str]
    """Models that it is asked for; none: all that it lists."""


class LlmAccess(TypedDict):
    """All of them."""

    backends: list[BackendAccess]
    """In the order in which they are asked."""
    aliases: dict[str, list[str]]
    """Models by another name, in the order in which they are asked for."""
