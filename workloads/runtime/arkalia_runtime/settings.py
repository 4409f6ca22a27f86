"""Settings: environment variables over `settings.toml` over defaults, judged before the start.

A value that cannot be used ends the process at once, with one sentence that names the place, the
value and what is allowed: a service that starts with a wrong setting fails later and elsewhere.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableValue

from arkalia_contract import environment, files
from arkalia_runtime.mistakes import said

S = TypeVar("S", bound="ServiceSettings")

Seconds = Annotated[float, Field(allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535, description="Port to listen on, 1 to 65535.")]


class SettingsError(Exception):
    """The settings cannot be used; the message says where, what and what is allowed."""


class ServiceSettings(BaseSettings):
    """What every service can be told. A service with more of its own inherits from it."""

    model_config = SettingsConfigDict(
        env_prefix=environment.PREFIX,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    env: str = Field(default="development", pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
    """Name of the environment: lower-case letters, digits and hyphens."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe line that is logged."""

    system: str = ""
    """Name of the ArkaliaSystem; empty outside one."""

    namespace: str = ""
    """Namespace of the ArkaliaSystem."""

    module: str = ""
    """Name of the module; empty for the service's own."""

    version: str = ""
    """Version of the system; empty for the service's own."""

    pod: str = ""
    """Name of the pod."""

    host: str = ""
    """Address to listen on; empty for all, IPv4 and IPv6."""

    port: Port = 8000

    drain_seconds: Seconds = Field(default=5, ge=0, le=300)
    """Seconds, 0 to 300, of further service after SIGTERM, while the endpoint is withdrawn."""

    stop_seconds: int = Field(default=15, ge=1, le=300)
    """Seconds, 1 to 300, that requests in flight get after that. Both together must be less than
    the pod's termination grace period (30 s by default)."""

    max_body_bytes: int = Field(default=1024 * 1024, ge=0)
    """Longest request body, in bytes."""

    max_header_bytes: int = Field(default=64 * 1024, ge=1024, le=1024 * 1024)
    """Longest head of a request, in bytes, 1024 to 1048576: its first line and its headers. The gateway
    adds some to those of its clients, and allows less of them."""

    check_timeout_seconds: Seconds = Field(default=1, gt=0, le=60)
    """Seconds, up to 60, until a health check that gives no answer counts as failed."""

    check_cache_seconds: Seconds = Field(default=1, ge=0, le=60)
    """Seconds, 0 to 60, for which the result of the health checks is used again."""

    public: bool = False
    """Whether everybody may use the service's own routes; only its gateway is for everybody."""

    trusted_proxies: str = ""
    """Addresses and ranges, separated by commas, of the proxies before the service, for example
    `10.0.0.0/8`: from there alone `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""

    edge: str = ""
    """Name that stands for the address of each pod of the reverse proxy before the service: they are
    believed in the same way. It may be set beside `trusted_proxies`, which then is not asked."""

    tls_folder: Path = Path(files.TLS_FOLDER)
    """Where the service's certificate and its key lie."""

    trust_folder: Path = Path(files.TRUST_FOLDER)
    """Where the authorities to trust and the keys of tokens lie."""

    identity_folder: Path = Path(files.IDENTITY_FOLDER)
    """Where it stands who may call this service, and whom it may call."""

    tokens_folder: Path = Path(files.TOKENS_FOLDER)
    """Where the tokens lie that this service shows to others."""

    data_folder: Path = Path(files.DATA_FOLDER)
    """Where it stands how to reach PostgreSQL and Redis."""

    database_connections: int = Field(default=4, ge=1, le=100)
    """Most connections to PostgreSQL, 1 to 100, that one pod opens."""

    database_timeout_seconds: Seconds = Field(default=3, gt=0, le=60)
    """Seconds, up to 60, that a request waits for one of these connections."""

    database_statement_seconds: Seconds = Field(default=30, gt=0, le=3600)
    """Seconds, up to 3600, that a transaction may take if its request sets no earlier end."""

    record_module: str = "globalstate"
    """Name of the module that keeps the record of all events."""

    tracing_endpoint: str = Field(default="", pattern=r"^(https?://[^/?#]+(/[^?#]*)?)?$")
    """Where traces are sent, OTLP over HTTP, for example `http://otel-collector:4318`; empty for
    nowhere."""

    tracing_sampling: float = Field(default=0.1, ge=0, le=1)
    """Share, 0 to 1, of the traces that begin here and are sent; of the others their caller says."""

    look_seconds: Seconds = Field(default=2, ge=0, le=60)
    """Seconds, 0 to 60, after which a replaced file in these folders is in use at the latest."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first source that has a value wins."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file()))

    def shown(self) -> dict[str, object]:
        """Every setting that is not a secret, as `/status` shows them."""
        secret = {name for name in type(self).model_fields if _is_secret(type(self), name)}
        return self.model_dump(mode="json", exclude=secret)


def load_settings(settings_class: type[S]) -> S:
    """Read the settings of this process. Raises SettingsError, with every fault at once."""
    try:
        _require_named_file()
        return settings_class()
    except ValidationError as error:
        faults = "; ".join(_explained(settings_class, each) for each in error.errors())
        raise SettingsError(faults) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{_file()} is not valid TOML: {error}"
        raise SettingsError(message) from None
    except (OSError, UnreadableValue) as error:
        raise SettingsError(str(error)) from None


def _file() -> Path:
    return Path(os.environ.get(environment.SETTINGS_FILE, files.SETTINGS))


def _require_named_file() -> None:
    """The file is optional in its usual place; one that somebody named must be there."""
    if environment.SETTINGS_FILE in os.environ and not _file().is_file():
        message = f"{environment.SETTINGS_FILE} is {str(_file())!r}: there is no such file"
        raise SettingsError(message)


def _explained(settings_class: type[ServiceSettings], error: ErrorDetails) -> str:
    if not error["loc"]:  # settings that do not fit each other, which name themselves
        return _reason(error)
    key = str(error["loc"][0])
    field = settings_class.model_fields.get(key)
    if field is None:
        known = ", ".join(sorted(settings_class.model_fields))
        return f"{key} in {_file()} is not a setting: known are {known}"
    value = "a secret" if _is_secret(settings_class, key) else repr(error["input"])
    meaning = " ".join((field.description or "").split())
    return f"{_place(key)} is {value}: {_reason(error)}. Meaning: {meaning}"


def _reason(error: ErrorDetails) -> str:
    """A validator's own words as they are, else pydantic's, in the middle of a sentence."""
    words = said(error)
    return words if words != error["msg"] else words[0].lower() + words[1:]


def _place(key: str) -> str:
    variable = environment.PREFIX + key.upper()
    given = {name.upper() for name in os.environ}
    return variable if variable in given else f"{key} in {_file()}"


def _is_secret(settings_class: type[ServiceSettings], key: str) -> bool:
    return settings_class.model_fields[key].annotation in {SecretStr, SecretStr | None}
