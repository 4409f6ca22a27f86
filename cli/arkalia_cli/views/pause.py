"""That a system is paused, or goes on."""

from __future__ import annotations

from typing import Any

from rich.text import Text


def text(name: str, *, paused: bool) -> Text:
    """A sentence for people."""
    if paused:
        return Text(
            f"{name} is paused: the operator writes only its status. `arkalia resume` ends it."
        )
    return Text(f"{name} goes on: the operator brings it to what its spec says.")


def data(namespace: str, name: str, *, paused: bool) -> dict[str, Any]:
    """The same for programs."""
    return {"namespace": namespace, "name": name, "paused": paused}
