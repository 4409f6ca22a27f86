"""Users and keys, as tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Body = Mapping[str, Any]

DATE: Final = len("2026-11-26")


def users(found: Sequence[Body]) -> RenderableType:
    """The users, by name."""
    table = _table("NAME", "ROLES", "STATE", "SECOND FACTOR")
    for each in found:
        state = "disabled" if each["disabled"] else "enabled"
        factor = "yes" if each["second_factor"] else "no"
        table.add_row(each["name"], ", ".join(each["roles"]), state, factor)
    return table


def new_user(made: Body) -> Text:
    """A user, with the password that is shown once."""
    return Text(f"{made['name']} can log in with this password, shown once:\n{made['password']}")


def disabled(changed: Body) -> Text:
    """A user who may come in no more."""
    return Text(f"{changed['name']} is disabled: sessions and keys are refused within seconds.")


def keys(found: Sequence[Body], now: str) -> RenderableType:
    """The keys, newest first, as they are *now*."""
    if not found:
        return Text("There are no keys.")
    table = _table("ID", "NAME", "SCOPES", "STATE")
    for each in found:
        table.add_row(each["id"], each["name"], ", ".join(each["scopes"]), _state(each, now))
    return table


def new_key(made: Body) -> Text:
    """A key, shown once."""
    return Text(f"This is the key {made['id']}, shown once:\n{made['key']}")


def revoked(key_id: str) -> Text:
    """A key that is good no more."""
    return Text(f"{key_id} is revoked: it is refused within seconds.")


def _state(key: Body, now: str) -> str:
    if key["revoked_at"]:
        return f"revoked {key['revoked_at'][:DATE]}"
    if not key["expires_at"]:
        return "in use"
    is_over = datetime.fromisoformat(key["expires_at"]) <= datetime.fromisoformat(now)
    return f"{'expired' if is_over else 'expires'} {key['expires_at'][:DATE]}"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for each in headings:
        table.add_column(each, overflow="fold")
    return table
