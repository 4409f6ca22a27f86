"""What was approved, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from arkalia_cli.views.plan import Waiting


def text(waiting: Waiting, action: Mapping[str, Any]) -> Text:
    """A sentence for people."""
    name, who = action["metadata"]["name"], action["spec"]["approvedBy"]
    return Text(
        f"Plan {waiting.hash} of {waiting.name} is approved by {who} (ArkaliaAction {name}). "
        "`arkalia status` shows how far it is."
    )


def data(waiting: Waiting, action: Mapping[str, Any]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "namespace": waiting.namespace,
        "name": waiting.name,
        "hash": waiting.hash,
        "action": action["metadata"]["name"],
        "approvedBy": action["spec"]["approvedBy"],
    }
