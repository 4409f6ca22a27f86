"""Whether there is a language model for the modules that need one, in one verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arkalia_operator.api.conditions import ConditionType, Reason
from arkalia_operator.api.llm import ApiKeySecret
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired.resolved import Problem, Resolution
from arkalia_operator.planning.verdicts import Verdict

KIND = ConditionType.LLM_READY


def trouble(server: str, secret: ApiKeySecret, live: Mapping[str, Any] | None) -> Problem | None:
    """What is wrong with the *secret* of *server*; *live* is None if it does not exist."""
    place = f"spec.llm: Secret {secret.name} for the model server {server}"
    if live is None:
        message = f"{place} does not exist: create it with the API key in its key {secret.key}"
        return Problem(Reason.API_KEY_MISSING, message)
    if not (live.get("data") or {}).get(secret.key):
        message = f"{place} has no key {secret.key}: add it, or write the right one in key"
        return Problem(Reason.API_KEY_MISSING, message)
    return None


def verdict(system: ArkaliaSystem, resolution: Resolution) -> Verdict:
    """The condition `LLMReady`. A system without a model is ready without it."""
    if resolution.problem is not None:
        return Verdict(KIND, "Unknown", resolution.problem.reason, resolution.problem.message)
    users = [each.name for each in resolution.modules if each.spec.needs.llm]
    if not users:
        return Verdict(KIND, "True", Reason.AS_EXPECTED, "No module needs a language model.")
    servers = [each.name for each in system.spec.llm.servers()]
    if not servers:
        message = (
            f"{', '.join(first_of(users))}: there is no language model: write "
            "spec.llm: {mode: external, url: ...} with the base URL of a model server"
        )
        return Verdict(KIND, "False", Reason.NOT_CONFIGURED, message)
    if resolution.keys:
        message = "; ".join(first_of([each.message for each in resolution.keys]))
        return Verdict(KIND, "False", resolution.keys[0].reason, message)
    message = f"{', '.join(first_of(users))}: told of {', '.join(first_of(servers))}."
    return Verdict(KIND, "True", Reason.AS_EXPECTED, message)
