"""What is said of a session that begins or ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

ENROL: Final = (
    "This system demands a second factor: set one up with POST /api/auth/mfa before anything else."
)


def logged_in(data: Mapping[str, Any]) -> Text:
    """Who is logged in, and what has to be done first."""
    said = f"You are logged in as {data['user']}."
    return Text(f"{said}\n{ENROL}" if data["must_enrol"] else said)


def logged_out(user: str | None) -> Text:
    """Whose session has ended, if there was one."""
    return Text(f"The session of {user} has ended." if user else "Nobody was logged in.")
