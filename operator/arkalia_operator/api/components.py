"""A component of a module: one Deployment, and what the kubelet asks of its container."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from arkalia_operator.api.base import DNS_LABEL, ApiModel, Argument, Path, rule, rules
from arkalia_operator.api.modules import ResourceRequirements


class Probe(ApiModel):
    """How one question about a container's health is asked over HTTP."""

    path: Path
    """Path of the request."""

    period_seconds: int = Field(default=5, ge=1, le=300)
    """Seconds between two requests."""

    timeout_seconds: int = Field(default=2, ge=1, le=60)
    """Seconds until a request counts as failed."""

    failure_threshold: int = Field(default=3, ge=1, le=600)
    """Failed requests in a row until the answer is no."""


class Probes(ApiModel):
    """The three questions that the kubelet asks."""

    startup: Probe = Probe(path="/health/live", period_seconds=1, failure_threshold=60)
    """Has it started? Until it has, the others are not asked."""

    liveness: Probe = Probe(path="/health/live", period_seconds=10)
    """Does it need a restart?"""

    readiness: Probe = Probe(path="/health/ready")
    """May it get requests?"""


class Component(ApiModel):
    """One Deployment of the module."""

    name: str = Field(
        max_length=20,
        json_schema_extra=rules(
            rule(
                f"self.matches('{DNS_LABEL}')",
                "a component's name has lower-case letters, digits and hyphens, starts with a "
                "letter and ends with a letter or digit: write for example worker",
            )
        ),
    )
    """Name; `main` is the component that the module's Service leads to."""

    command: list[Argument] = Field(default_factory=list, max_length=32)
    """Command of the container. Default: the image's own."""

    args: list[Argument] = Field(default_factory=list, max_length=32)
    """Arguments of the command."""

    port: int | None = Field(default=None, ge=1024, le=65535)
    """Port on which it serves. Without a port it has no Service and no probes."""

    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    """What it serves there. With `HTTPS` its pods get a certificate of the system's authority in
    `/etc/arkalia/tls`, renewed before its end; the component reads it again when it changes."""

    replicas: int = Field(default=1, ge=0, le=1000)
    """Pods, where neither the system nor `scaling` says otherwise."""

    singleton: bool = False
    """Exactly one pod: never scaled, replaced by stopping the old one first."""

    resources: ResourceRequirements = ResourceRequirements()
    """CPU and memory of the container, where the system does not say otherwise."""

    probes: Probes = Probes()
    """How the kubelet asks for its health."""

    termination_grace_period_seconds: int = Field(default=30, ge=0, le=3600)
    """Seconds between the request to stop and the kill."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!has(self.singleton) || !self.singleton || !has(self.replicas) "
                "|| self.replicas <= 1",
                "a singleton has one pod: leave replicas out, or write singleton: false",
            )
        )
    }
