"""What pydantic finds wrong, in the words that say it best."""

from collections.abc import Mapping
from typing import Any, Final

IN_OTHER_WORDS: Final = frozenset({"value_error", "json_invalid"})
"""Types of mistakes of which `ctx` says more than the message, or without a word before it."""


def said(mistake: Mapping[str, Any]) -> str:
    """What is wrong: a validator's or parser's own words as they are, else pydantic's."""
    own = mistake.get("ctx", {}).get("error") if mistake["type"] in IN_OTHER_WORDS else None
    return str(own or mistake["msg"])
