"""Sessions that `arkalia login` keeps on the user's machine, one file for each gateway.

A file is for its owner alone. It is found by the address of the cluster, the namespace and the system,
and not by the name of a context: a context that leads elsewhere tomorrow takes no token along.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from arkalia_cli.errors import MistakeError, RefusedError

FOLDER: Final = "arkalia/sessions"
STATE: Final = "XDG_STATE_HOME"
OTHERS: Final = 0o077
DIGEST_LENGTH: Final = 32
TURN_SECONDS: Final = 40.0
"""Longer than another command may wait for the gateway."""
LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Session:
    """What a gateway knows somebody by."""

    user: str
    access_token: str
    expires_at: float
    """Seconds since 1970, until which the token above is good."""
    refresh_token: str
    """Gets the next one, once."""


def file_of(*gateway: str) -> Path:
    """Where the session at a *gateway* is kept: by all that tells it from others."""
    state = os.environ.get(STATE) or str(Path.home() / ".local" / "state")
    digest = hashlib.sha256("\0".join(gateway).encode()).hexdigest()[:DIGEST_LENGTH]
    return Path(state) / FOLDER / f"{digest}.json"


def kept(path: Path) -> Session | None:
    """The session at *path*; None if there is none. Raises MistakeError if others could read it."""
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                message = f"others on this machine can read the session in {path}"
                raise MistakeError(message, "Log in anew: `arkalia logout`, then `arkalia login`.")
            return Session(**json.load(file))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        message = f"the session in {path} cannot be read: {error}"
        raise MistakeError(message, f"Remove the file, and log in: `rm {path}`.") from error


def keep(path: Path, session: Session) -> None:
    """Keep *session* at *path*, for its owner alone: whole, or not at all. Raises MistakeError."""
    try:
        _folder(path)
        # The file that it makes is its owner's alone from the first moment.
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(session), file)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"the session cannot be kept in {path}: {error}"
        raise MistakeError(message, f"Name another folder in ${STATE}.") from error


def forget(path: Path) -> None:
    """Keep nothing at *path*."""
    path.unlink(missing_ok=True)


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """The right to renew the session at *path*: its token is good once. Raises RefusedError."""
    _folder(path)
    end = time.monotonic() + TURN_SECONDS
    with path.with_suffix(".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    message = "another command renews the session, and does not come to an end"
                    raise RefusedError(message, "End it, and try again.") from None
            time.sleep(LOOK_SECONDS)
        yield


def _folder(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
