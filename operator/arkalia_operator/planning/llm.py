"""Whether there is a language model for the modules that need one, in one verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.llm import ApiKeySecret
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import llm
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning import model_server
from arkalia_operator.planning.model_server import LlmView
from arkalia_operator.planning.verdicts import Verdict, broken

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


def verdict(view: LlmView) -> Verdict:
    """The condition `LLMReady`. A system without a model is ready without it."""
    resolution = view.desired.resolution
    if resolution.problem is not None:
        return Verdict(KIND, "Unknown", resolution.problem.reason, resolution.problem.message)
    found = [each for check in model_server.CHECKS for each in check(view)]
    if found:
        found.sort(key=lambda each: not each.doomed)
        message = "; ".join(first_of([each.message for each in found]))
        return broken(KIND, found[0].reason, message, doomed=found[0].doomed)
    return _told(view)


def _told(view: LlmView) -> Verdict:
    """Whether the modules that need a model know of one."""
    resolution = view.desired.resolution
    users = [each.name for each in resolution.modules if each.spec.needs.llm]
    if not users:
        return Verdict(KIND, "True", Reason.AS_EXPECTED, "No module needs a language model.")
    servers = [each.name for each in llm.servers(view.system)]
    if not servers:
        message = (
            f"{', '.join(first_of(users))}: there is no language model: write "
            "spec.llm: {mode: external, url: ...} with the base URL of a model server, or "
            "{mode: builtin, models: [...]} for one that the operator runs"
        )
        return Verdict(KIND, "False", Reason.NOT_CONFIGURED, message)
    if resolution.keys:
        message = "; ".join(first_of([each.message for each in resolution.keys]))
        return Verdict(KIND, "False", resolution.keys[0].reason, message)
    message = f"{', '.join(first_of(users))}: told of {', '.join(first_of(servers))}."
    said = "".join([message, *model_server.remarks(view)])
    return Verdict(KIND, "True", Reason.AS_EXPECTED, said)
