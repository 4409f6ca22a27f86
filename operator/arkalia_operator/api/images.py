"""`spec.images`: where images come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, rule, rule_on_keys, rules


class Images(ApiModel):
    """Where the images of the modules come from, and how they are pulled."""

    registry: str | None = Field(
        default=None,
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self.matches('^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*$')",
                "must be a host with an optional path, without scheme and trailing slash: write for "
                "example images.example.com/arkalia",
            )
        ),
    )
    """Registry (and path) of every image that names none. Default: the operator's own."""

    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When the kubelet pulls an image."""

    pull_secrets: list[Annotated[str, Field(max_length=253)]] = Field(
        default_factory=list,
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
    """Names of `kubernetes.io/dockerconfigjson` Secrets in the system's namespace."""

    digests: dict[str, Annotated[str, Field(max_length=135)]] = Field(
        default_factory=dict,
        max_length=64,
        json_schema_extra=rules(
            rule_on_keys(
                "self[key].matches('^sha256:[a-f0-9]{64}$')",
                "a digest is sha256: and 64 digits from 0 to f: write it as the registry shows it",
            )
        ),
    )
    """Image digest by module name, or `postgresql`, `redis`, `edge`, `ollama` and `model-keeper`; it
    wins over the tag."""
