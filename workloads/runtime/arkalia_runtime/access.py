"""How to reach the data services: files that change while the service runs.

Every new connection takes what stands there now, so a rotated password needs no new pod.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Final, TypeVar

from pydantic import TypeAdapter

from arkalia_contract import files
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import Watched

T = TypeVar("T")


@dataclass(frozen=True)
class PostgresqlAccess:
    """A login of PostgreSQL; the form is `arkalia_contract.data.PostgresqlAccess`."""

    host: str
    port: int
    database: str
    schema: str
    user: str
    password: str = field(repr=False)
    authorities: str = field(repr=False)


@dataclass(frozen=True)
class RedisAccess:
    """A user of Redis; the form is `arkalia_contract.data.RedisAccess`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    prefix: str
    authorities: str = field(repr=False)


_POSTGRESQL: Final = TypeAdapter(PostgresqlAccess)
_REDIS: Final = TypeAdapter(RedisAccess)


def postgresql(settings: ServiceSettings) -> Watched[PostgresqlAccess]:
    """What `postgresql.json` says, in its newest usable form."""
    return _watched(settings, files.POSTGRESQL_KEY, _POSTGRESQL)


def redis(settings: ServiceSettings, key: str) -> Watched[RedisAccess]:
    """What the file *key* says, in its newest usable form."""
    return _watched(settings, key, _REDIS)


def authorities(settings: ServiceSettings, given: PostgresqlAccess | RedisAccess) -> Path:
    """A file with the authorities to trust for *given*: its own, or else the system's.

    libpq and OpenSSL read files only, so its own lie in the scratch folder, one file for each
    bundle that was ever given.
    """
    if not given.authorities:
        return settings.trust_folder / files.AUTHORITY_KEY
    path = Path(gettempdir()) / f"authorities-{sha256(given.authorities.encode()).hexdigest()}.pem"
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.write_text(given.authorities, encoding="ascii")
        unfinished.replace(path)
    return path


def _watched(settings: ServiceSettings, key: str, form: TypeAdapter[T]) -> Watched[T]:
    path = settings.data_folder / key
    return Watched([path], _reading(path, form), settings.look_seconds)


def _reading(path: Path, form: TypeAdapter[T]) -> Callable[[], T]:
    return partial(_read, path, form)


def _read(path: Path, form: TypeAdapter[T]) -> T:
    # pydantic's own message would repeat the password into the log.
    try:
        return form.validate_json(path.read_bytes())
    except ValueError as error:
        count = getattr(error, "error_count", lambda: 1)()
        message = f"{count} of its fields are missing or of another type than the contract's"
        raise ValueError(message) from None
