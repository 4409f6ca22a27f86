"""Who asks, and what: from a request to a question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from arkalia_assistantia.backends.openai import OWN
from arkalia_assistantia.chat.questions import Question, beginning
from arkalia_assistantia.conversations.forms import ID, LONGEST_ID
from arkalia_contract import headers
from arkalia_runtime import logs
from arkalia_runtime.ids import new_id

IDS: Final = re.compile(ID)


@dataclass(frozen=True)
class Caller:
    """For whom a request is answered; the gateway says so, since nobody else is let in."""

    user: str = ""
    key: str = ""
    roles: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """As events name it."""
        if self.user:
            return f"user:{self.user}"
        module = logs.caller.get()
        return f"module:{module}" if module else "unknown"


def caller_of(request: Request) -> Caller:
    """Who the gateway says asks."""
    given = request.headers
    roles = frozenset(filter(None, map(str.strip, given.get(headers.ROLES, "").split(","))))
    return Caller(given.get(headers.USER, ""), given.get(headers.KEY, ""), roles)


def question_of(
    body: Mapping[str, Any], caller: Caller, conversation: str = "", **more: Any
) -> Question:
    """The question of a request in OpenAI's form."""
    named = conversation or named_in(body)
    found = named or beginning(body.get("messages") or ())
    who: dict[str, Any] = {"owner": caller.user, "roles": caller.roles, "keeps": bool(named)}
    return Question(body, found, str(new_id()), caller.actor, **who | more)


def named_in(body: Mapping[str, Any]) -> str:
    """The conversation that the request names, in Arkalia's member or in OpenAI's `metadata`."""
    for member in (OWN, "metadata"):
        named = body.get(member)
        found = named.get("conversation_id") if isinstance(named, Mapping) else None
        if isinstance(found, str) and len(found) <= LONGEST_ID and IDS.fullmatch(found):
            return found
    return ""
