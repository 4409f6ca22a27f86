"""What a module's pods are told: environment variables and `settings.toml`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import tomli_w

from arkalia_contract import environment, files
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import ResolvedModule

DRAIN_SECONDS = 5
"""Longer than kube-proxy takes to withdraw an endpoint (its default sync period is 1 s, and the
endpoint controller adds up to another)."""


def settings_data(module: ResolvedModule) -> dict[str, str]:
    """The data of the module's ConfigMap."""
    return {files.SETTINGS_KEY: tomli_w.dumps(_without_nulls(module.settings.config))}


def digest(module: ResolvedModule) -> str:
    """Changes when the settings do: on the pod template it makes the pods roll."""
    text = settings_data(module)[files.SETTINGS_KEY]
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def variables(
    system: ArkaliaSystem, module: ResolvedModule, told: Mapping[str, str]
) -> list[Manifest]:
    """The environment of a container: the operator's variables, then the user's by name.

    *told* are those that only this container has, or has otherwise.
    """
    fixed = {
        environment.ENV: system.spec.environment,
        environment.LOG_LEVEL: system.spec.log_level,
        environment.SYSTEM: system.name,
        environment.NAMESPACE: system.namespace,
        environment.MODULE: module.name,
        environment.VERSION: module.version,
        environment.DRAIN_SECONDS: str(DRAIN_SECONDS),
    }
    values = fixed | dict(told) | dict(sorted(module.settings.env.items()))
    return [_pod_name(), *({"name": name, "value": value} for name, value in values.items())]


def _pod_name() -> Manifest:
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    return {"name": environment.POD, "valueFrom": source}


def _without_nulls(value: Any) -> Any:
    """TOML has no null: a null in the spec says the same as leaving the setting out."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value
