"""The registry of event types: what may be said, by whom, in which form.

A type with its schema version never changes; a changed form is a new version beside the old one.
Schemas are JSON Schema 2020-12. Readers must accept fields that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
OBJECT: Final[Schema] = {"type": "object"}


def one_of(*values: str) -> Schema:
    """A string of a closed set."""
    return {"type": "string", "enum": list(values)}


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of fact."""

    name: str
    version: int
    meaning: str
    """One sentence: when it is said."""
    stream: str
    """What its stream is named after."""
    required: Schema
    """Fields that are always there, with their schemas."""
    optional: Schema

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the data."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": sorted(self.required),
            "properties": {**self.required, **self.optional},
        }


def _type(name: str, meaning: str, stream: str, required: Schema, optional: Schema) -> EventType:
    return EventType(f"io.arkalia.{name}", 1, meaning, stream, required, optional)


ACTOR: Final[Schema] = {"actor": TEXT}
"""Who did it: `user:<id>`, `key:<id>`, `module:<name>` or `operator`."""
REQUEST: Final[Schema] = {"request_id": TEXT, "reason": TEXT}

DECISIONS: Final = (
    _type(
        "decision.made",
        "The decision engine has judged what it saw and says what should happen.",
        "decision id",
        {
            "decision_id": TEXT,
            "subject": TEXT,
            "verdict": one_of("normal", "watch", "act"),
            "confidence": SHARE,
        },
        {"signals": {"type": "array", "items": OBJECT}, "reason": TEXT, "proposed_action": OBJECT},
    ),
    _type(
        "decision.reviewed",
        "The cross validation has agreed to a decision, or vetoed it.",
        "decision id",
        {
            "decision_id": TEXT,
            "verdict": one_of("agreed", "vetoed", "abstained"),
            "weight": SHARE,
        },
        {"reasons": TEXTS},
    ),
)
ACTIONS: Final = (
    _type(
        "action.requested",
        "Somebody asks for an action of the system on itself.",
        "action id",
        {"action_id": TEXT, "kind": TEXT, "target": TEXT, "actor": TEXT, "reason": TEXT},
        {"arguments": OBJECT, "decision_id": TEXT, "dry_run": {"type": "boolean"}},
    ),
    _type(
        "action.judged",
        "The guard rails, or a person, have admitted or refused an action.",
        "action id",
        {"action_id": TEXT, "admission": one_of("admitted", "refused", "waiting"), "actor": TEXT},
        {"reason": TEXT},
    ),
)
OUTCOMES: Final = (
    _type(
        "outcome.observed",
        "An action has ended, and what it did was verified.",
        "action id",
        {
            "action_id": TEXT,
            "outcome": one_of("succeeded", "failed", "expired", "rolled_back"),
            "verified": {"type": "boolean"},
        },
        {"evidence": OBJECT, "reason": TEXT, "duration_seconds": NUMBER},
    ),
)
CHAT: Final = (
    _type(
        "chat.prompt.checked",
        "A prompt was examined before the model was asked.",
        "conversation id",
        {
            "conversation_id": TEXT,
            "message_id": TEXT,
            "score": SHARE,
            "verdict": one_of("passed", "flagged", "blocked"),
        },
        {"reasons": TEXTS, **ACTOR, **REQUEST},
    ),
    _type(
        "chat.model.answered",
        "A model has answered a prompt.",
        "conversation id",
        {"conversation_id": TEXT, "message_id": TEXT, "model": TEXT, "backend": TEXT},
        {
            "prompt_tokens": COUNT,
            "completion_tokens": COUNT,
            "duration_seconds": NUMBER,
            "finish_reason": TEXT,
            **REQUEST,
        },
    ),
    _type(
        "chat.answer.validated",
        "An answer was examined and has its score.",
        "conversation id",
        {"conversation_id": TEXT, "message_id": TEXT, "validation_score": SHARE},
        {"reasons": TEXTS, "blocked": {"type": "boolean"}, **REQUEST},
    ),
)
LOGINS: Final = (
    _type(
        "login.succeeded",
        "Somebody has proved who they are.",
        "user id",
        {"user_id": TEXT, "method": one_of("password", "api_key", "oidc", "totp", "recovery_code")},
        {"client_address": TEXT, **REQUEST},
    ),
    _type(
        "login.refused",
        "Somebody could not prove who they are.",
        "client address",
        {
            "client_address": TEXT,
            "method": one_of("password", "api_key", "oidc", "totp", "recovery_code"),
        },
        {"user_id": TEXT, **REQUEST},
    ),
    _type(
        "access.judged",
        "Requests that were alike were allowed or denied, within a moment.",
        "user id",
        {"user_id": TEXT, "allowed": {"type": "boolean"}, "route": TEXT, "method": TEXT},
        {"scopes": TEXTS, "key_id": TEXT, "client_address": TEXT, "count": COUNT, "reason": TEXT},
    ),
    _type(
        "credential.changed",
        "A key, password or second factor was issued, replaced or revoked.",
        "user id",
        {
            "user_id": TEXT,
            "credential": one_of("password", "api_key", "totp", "recovery_codes"),
            "change": one_of("issued", "replaced", "revoked"),
            "actor": TEXT,
        },
        {"credential_id": TEXT, **REQUEST},
    ),
    _type(
        "login.slowed",
        "Somebody guesses: after so many failures the next try has to wait.",
        "client address",
        {"client_address": TEXT, "failures": COUNT, "wait_seconds": NUMBER},
        {"user_name": TEXT, **REQUEST},
    ),
    _type(
        "session.ended",
        "A session was ended before its time.",
        "user id",
        {"user_id": TEXT, "session_id": TEXT, "actor": TEXT},
        {**REQUEST},
    ),
    _type(
        "user.changed",
        "A user was made, changed or removed.",
        "user id",
        {
            "user_id": TEXT,
            "change": one_of("created", "changed", "removed"),
            "actor": TEXT,
        },
        {"name": TEXT, "roles": TEXTS, "disabled": {"type": "boolean"}, **REQUEST},
    ),
    _type(
        "role.changed",
        "A role was made, changed or removed.",
        "role",
        {"role": TEXT, "change": one_of("created", "changed", "removed"), "actor": TEXT},
        {"scopes": TEXTS, **REQUEST},
    ),
)
CONFIGURATION: Final = (
    _type(
        "configuration.changed",
        "A setting of the running system was changed.",
        "module",
        {"module": TEXT, "path": TEXT, "actor": TEXT},
        {"before": {}, "after": {}, **REQUEST},
    ),
)

ALL: Final = (*DECISIONS, *ACTIONS, *OUTCOMES, *CHAT, *LOGINS, *CONFIGURATION)
BY_NAME_AND_VERSION: Final = {(each.name, each.version): each for each in ALL}
