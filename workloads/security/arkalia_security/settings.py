"""What the security service can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from arkalia_contract import files
from arkalia_runtime.settings import Port, ServiceSettings


class SecuritySettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8009

    key_folder: Path = Path(files.KEY_FOLDER)
    """Where the service's own secret lies."""

    admin_folder: Path = Path(files.ADMIN_FOLDER)
    """Where the first administrator's name and password lie."""

    token_seconds: int = Field(default=300, ge=30, le=3600)
    """Seconds, 30 to 3600, that a session's token is good for; then the session is refreshed."""

    session_minutes: int = Field(default=720, ge=5, le=43_200)
    """Minutes, 5 to 43200, after which a session ends and its user logs in again."""

    mfa: Literal["Optional", "Required"] = "Optional"
    """`Required`: a user who logs in with a password and has no second factor may set one up, and
    nothing else."""

    signing_key_days: int = Field(default=30, ge=1, le=365)
    """Days, 1 to 365, after which the key that signs sessions' tokens is followed by another."""

    hashes_at_once: int = Field(default=2, ge=1, le=16)
    """Passwords, 1 to 16, that are checked at the same time: each takes 64 MiB."""

    most_users: int = Field(default=10_000, ge=1, le=100_000)
    """Most users, 1 to 100000."""

    most_keys: int = Field(default=50, ge=1, le=1000)
    """Most API keys that are in use, 1 to 1000, of one user."""

    most_sessions: int = Field(default=20, ge=1, le=1000)
    """Most sessions, 1 to 1000, of one user: a further one ends the oldest."""
