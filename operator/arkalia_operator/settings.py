"""Every environment variable of the operator, in one place. All of them have a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.mistakes import said
from arkalia_operator.errors import SettingsError
from arkalia_operator.runtime.selector import Selector

PREFIX: Final = "ARKALIA_OPERATOR_"
DNS_NAME: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"


def variable(field: str) -> str:
    """The environment variable of a *field* of the settings."""
    return f"{PREFIX}{field.upper()}"


IMAGE_REGISTRY: Final = variable("image_registry")


def _comma_separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()]


def _selector(value: Any) -> Any:
    return value if isinstance(value, Selector) else Selector.parse(value)


Names = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]
Systems = Annotated[Selector, BeforeValidator(_selector)]


class Settings(BaseModel):
    """The operator's settings; the variable of `log_level` is `ARKALIA_OPERATOR_LOG_LEVEL`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    watch_namespaces: Names = ()
    """Namespaces to serve, separated by commas. Empty: all of the cluster."""

    system_selector: Systems = Selector()
    """Label selector of the ArkaliaSystems to serve, as `kubectl get --selector` takes it. Empty: all
    of them. Operators beside each other must not select the same system."""

    image_registry: str = "ghcr.io/arkalia-luna-system"
    """Registry of the modules' images where a system names none."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log line."""

    log_format: Literal["json", "text"] = "json"
    """`json` for machines, `text` for a terminal."""

    health_port: int = Field(default=8080, ge=0, le=65535)
    """Port of `/livez`, `/readyz` and `/metrics`; 0 takes any free one."""

    workers: int = Field(default=8, ge=1, le=64)
    """Systems that are reconciled at the same time."""

    requests_in_flight: int = Field(default=24, ge=1, le=256)
    """Requests to the API server at the same time, watches not counted."""

    sweep_seconds: float = Field(default=60, ge=1, le=600)
    """Time between two comparisons of the cache with the cluster. A sweeper that does nothing for
    15 minutes counts as stuck."""

    resync_seconds: float = Field(default=600, ge=1, le=86400)
    """About the longest time without a reconcile of a system; where there are more systems than
    seconds in it, one second for each."""

    upgrades: UpgradePolicy = "Hold"
    """What becomes of pods that nothing but an upgrade of the operator would replace, where
    `spec.changes.rollout.upgrades` does not say it: `Hold`, `Waves` or `AtOnce`."""

    upgrades_share: float = Field(default=0.2, gt=0, le=1)
    """With `Waves`: share of the systems that follow the first one together; then come all."""

    upgrades_soak_seconds: float = Field(default=60, ge=0, le=86400)
    """With `Waves`: how long a system must be ready with its new pods before others follow."""

    leader_election: bool = True
    """Whether this operator writes only while it holds a Lease. `false` only where nothing else can
    run a second one."""

    lease_name: str = Field(default="arkalia-operator", pattern=DNS_NAME)
    """Name of the Lease: operators with the same one take turns."""

    lease_namespace: str = Field(default="", pattern=f"^$|{DNS_NAME}")
    """Namespace of the Lease. Empty: that of the pod, and `default` outside a cluster."""

    lease_seconds: float = Field(default=15, ge=4, le=300)
    """After so long without a sign of life from the operator that writes, another one does."""

    authority_seconds: float = Field(default=5 * 365 * 86400, ge=300, le=20 * 366 * 86400)
    """Lifetime of the authority that signs a system's certificates; it is followed by another when
    two thirds of it are over."""

    certificate_seconds: float = Field(default=90 * 86400, ge=60, le=366 * 86400)
    """Lifetime of a module's certificate; it is renewed when two thirds of it are over."""

    spread_seconds: float = Field(default=120, ge=1, le=3600)
    """Time until a changed Secret or ConfigMap has reached every pod."""

    contention_rest_seconds: float = Field(default=300, ge=1, le=86400)
    """How long a field that somebody else keeps changing back is left alone, before one more repair
    is tried; each further time twice as long, up to twelve times this."""

    drain_seconds: float = Field(default=20, ge=0, le=600)
    """Time that running reconciles get to finish after SIGTERM."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read all variables. Raises SettingsError with every mistake at once.

        Others with the prefix are left alone: Kubernetes makes some of the names of Services.
        """
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() in cls.model_fields
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError(_mistakes(error)) from error


def _mistakes(error: ValidationError) -> str:
    return "; ".join(
        f"{variable(str(each['loc'][0]))}={each['input']!r}: {said(each)}"
        for each in error.errors()
    )
