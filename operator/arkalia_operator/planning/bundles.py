"""Whether the ConfigMap that `spec.network.caBundle` names holds certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arkalia_operator.api.network import CaBundle
from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning.certificates import PEM


def trouble(bundle: CaBundle, live: Mapping[str, Any] | None) -> Problem | None:
    """What is wrong with the ConfigMap of *bundle*; *live* is None if it does not exist."""
    place = f"spec.network.caBundle: ConfigMap {bundle.config_map}"
    if live is None:
        message = f"{place} does not exist: create it with certificates in its key {bundle.key}"
        return Problem(Reason.CONFIG_MAP_MISSING, message)
    text = (live.get("data") or {}).get(bundle.key)
    if text is None:
        message = f"{place} has no key {bundle.key}: add it, or write the right one in key"
        return Problem(Reason.CONFIG_MAP_INVALID, message)
    if PEM not in text:
        message = f"{place}: key {bundle.key} holds no certificate in PEM: it begins with {PEM}"
        return Problem(Reason.CONFIG_MAP_INVALID, message)
    return None
