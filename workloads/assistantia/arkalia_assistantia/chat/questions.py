"""A question: a request for an answer, and what of it is looked at."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from arkalia_assistantia.prompts.canary import planted
from arkalia_assistantia.prompts.separation import Source

Message = Mapping[str, Any]
"""In OpenAI's form."""

OF_TOOLS: Final = frozenset({"tool", "function"})
"""Roles whose text somebody else wrote: it is only to be read."""
OF_THE_SYSTEM: Final = frozenset({"system", "developer"})

SHOWN: Final = "context"
"""Name of a user's message that shows a text from elsewhere."""

MOST_MESSAGES: Final = 60
MOST_CHARACTERS: Final = 200_000
"""Of a conversation, in what an answer is validated by: the newest."""


@dataclass(frozen=True)
class Question:
    """Who asks what, in which conversation."""

    body: Mapping[str, Any]
    """The request in OpenAI's form."""
    conversation: str
    message: str
    """Id of the answer."""
    actor: str = ""
    context: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    """Texts that the answer may stand on, with `name` and `text`."""
    shown: Sequence[Message] = ()
    """The same as the model is shown them, which is not part of the request either."""
    language: str | None = None
    owner: str = ""
    """The user who asks; empty if the gateway names none."""
    keeps: bool = False
    """Whether question and answer shall be kept."""
    continues: bool = False
    """Whether what was said before has to be fetched."""
    remembered: int | None = 0
    """How many of the messages were fetched so; none if it was not possible."""
    roles: frozenset[str] = frozenset()
    """Those of the user."""
    given: str = ""
    """The system's own instructions, which are not part of the request."""
    canary: str = ""
    """A word that stands in them as the model is told them, and nowhere else."""

    @property
    def messages(self) -> list[Message]:
        """What was said so far."""
        return list(self.body.get("messages") or ())

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the model is asked: the request, after the system's own instructions.

        Texts that the answer may stand on come before what the user said last.
        """
        if not self.given and not self.shown:
            return self.body
        first = {"role": "system", "content": planted(self.given, self.canary)}
        said = self.messages
        users = (n for n, each in enumerate(said) if each.get("role") == "user")
        last = max(users, default=len(said))
        begun = [first, *said[:last]] if self.given else said[:last]
        return {**self.body, "messages": [*begun, *self.shown, *said[last:]]}

    @property
    def prompt(self) -> str:
        """What the user said last."""
        said = (each for each in reversed(self.messages) if each.get("role") == "user")
        return text_of(next(said, {}))

    @property
    def instructions(self) -> str:
        """What the model was told, by the system and by the client in its role."""
        told = (text_of(each) for each in self.messages if each.get("role") in OF_THE_SYSTEM)
        return "\n".join([self.given, *told] if self.given else told)

    @property
    def wants_json(self) -> bool:
        """Whether the answer has to be JSON."""
        wanted = self.body.get("response_format")
        return isinstance(wanted, dict) and wanted.get("type") in ("json_object", "json_schema")

    @property
    def new_messages(self) -> list[Message]:
        """What was said since the last answer; not the texts that are only shown."""
        messages = self.messages[self.remembered or 0 :]
        answers = (n for n, each in enumerate(messages, 1) if each.get("role") == "assistant")
        since = max(answers, default=0)
        return [each for each in messages[since:] if each.get("name") != SHOWN]

    def written_by_others(self) -> Iterator[tuple[str, Source]]:
        """The texts that users, tools and strangers wrote, and who: what an attack can be in."""
        *before, last = self.messages or [{}]
        yield from _by_others(before)
        for shown in self.context:
            yield shown["text"], "content"
        yield from _by_others([last])

    def conversation_so_far(self) -> list[dict[str, str]]:
        """The newest messages before the last question, as the validation of answers takes them."""
        taken: list[dict[str, str]] = []
        left = MOST_CHARACTERS
        for each in reversed(self.messages[:-1]):
            text = text_of(each)[:left]
            left -= len(text)
            if not left or len(taken) == MOST_MESSAGES:
                break
            taken.append({"role": _role(str(each.get("role"))), "content": text})
        given = [{"role": "system", "content": self.given}] if self.given else []
        return [*given, *taken[::-1]]


def _by_others(messages: Sequence[Message]) -> Iterator[tuple[str, Source]]:
    for each in messages:
        role, is_shown = each.get("role"), each.get("name") == SHOWN
        if (role == "user" or role in OF_TOOLS) and (text := text_of(each)):
            yield text, "user" if role == "user" and not is_shown else "content"


def text_of(message: Message) -> str:
    """The text of *message*, also where it comes in parts beside images."""
    content = message.get("content")
    if isinstance(content, list):
        texts = (each.get("text") for each in content if isinstance(each, dict))
        return "\n".join(each for each in texts if isinstance(each, str))
    return content if isinstance(content, str) else ""


def beginning(messages: Sequence[Message]) -> str:
    """A name for the conversation that begins with *messages*: the same each time it goes on."""
    first = next((n for n, each in enumerate(messages) if each.get("role") == "user"), 0)
    texts = "\n".join(f"{each.get('role')}: {text_of(each)}" for each in messages[: first + 1])
    return hashlib.sha256(texts.encode("utf-8", "replace")).hexdigest()[:32]


def _role(role: str) -> str:
    if role in OF_THE_SYSTEM:
        return "system"
    return "tool" if role in OF_TOOLS else role if role in ("user", "assistant") else "user"
