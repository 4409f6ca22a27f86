"""Beginning, renewing and ending a session at a gateway."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from arkalia_cli import sessions
from arkalia_cli.errors import ForbiddenError
from arkalia_cli.sessions import Session

if TYPE_CHECKING:
    from arkalia_cli.cluster.asking import Asking

EARLY_SECONDS: Final = 30.0
"""So long before its end a token is renewed: a request may take a while."""
ENDED: Final = "your session has ended"
AGAIN: Final = "Log in again with `arkalia login`."


def begin(way: Asking, proof: dict[str, str]) -> tuple[Session, dict[str, Any]]:
    """A session, and all that is told of it. Raises CodeNeededError and other CliErrors."""
    told = way.ask("POST", "/auth/login", proof)
    return _session(proof["user"], told), told


def token(way: Asking, path: Path) -> str | None:
    """A token of the session at *path* that is good now; None without a session. Raises CliError."""
    session = sessions.kept(path)
    if session is not None and not _is_good(session):
        with sessions.turn(path):
            session = sessions.kept(path)  # whoever had the turn before has renewed it
            if session is not None and not _is_good(session):
                session = _renewed(way, path, session)
    return session.access_token if session else None


def end(way: Asking, session: Session) -> None:
    """End *session*, here and everywhere. Raises CliError."""
    way.ask("POST", "/auth/logout", {"refresh_token": session.refresh_token})


def _renewed(way: Asking, path: Path, session: Session) -> Session:
    try:
        told = way.ask("POST", "/auth/refresh", {"refresh_token": session.refresh_token})
    except ForbiddenError:
        sessions.forget(path)
        raise ForbiddenError(ENDED, AGAIN) from None
    renewed = _session(session.user, told)
    sessions.keep(path, renewed)
    return renewed


def _session(user: str, told: dict[str, Any]) -> Session:
    expires_at = time.time() + float(told["expires_in"])
    return Session(user, str(told["access_token"]), expires_at, str(told["refresh_token"]))


def _is_good(session: Session) -> bool:
    return session.expires_at - EARLY_SECONDS > time.time()
