"""The form of everything rendered: plain JSON in the visual shape of its YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
Which = tuple[str, str]
"""An object of the system: name of its kind, and its name."""


def present(**fields: Any) -> Manifest:
    """A mapping of the *fields* that say something: not None, and not an empty collection."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def mapping(value: Any) -> Mapping[str, Any]:
    """*value* if it is a mapping, else an empty one: for what users pass through."""
    return value if isinstance(value, dict) else {}
