"""The conversations in the module's own schema: everything that is asked of the database.

Each statement names the owner, so nobody meets a conversation that is somebody else's; two users who
call theirs by the same id have two.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prometheus_client import Counter
from psycopg.types.json import Json

from arkalia_assistantia.conversations.forms import Conversation, Message, Role, Summary
from arkalia_assistantia.settings import AssistantSettings
from arkalia_runtime.database import Database

SUMMARY: Final = tuple(Summary.model_fields)
MESSAGE: Final = tuple(Message.model_fields)

# A conversation that there is takes what it has room for; another begins where its owner has room for
# one. The messages follow it, and nothing is written where there is no room.
KEEP: Final = f"""
    WITH kept AS (
        INSERT INTO conversations (owner, id, title, messages, characters)
        SELECT %(owner)s, %(id)s, %(title)s, %(messages)s, %(characters)s
        WHERE EXISTS (SELECT FROM conversations WHERE owner = %(owner)s AND id = %(id)s)
           OR %(most_conversations)s > (
                SELECT count(*) FROM (
                    SELECT FROM conversations WHERE owner = %(owner)s LIMIT %(most_conversations)s
                ) AS counted
           )
        ON CONFLICT (owner, id) DO UPDATE SET
            messages = conversations.messages + excluded.messages,
            characters = conversations.characters + excluded.characters,
            updated_at = now()
        WHERE conversations.messages + excluded.messages <= %(most_messages)s
          AND conversations.characters + excluded.characters <= %(most_characters)s
        RETURNING messages
    ), said AS (
        INSERT INTO messages (owner, conversation, position, {", ".join(MESSAGE)})
        SELECT %(owner)s, %(id)s, kept.messages - %(messages)s + new.position,
            {", ".join(f"new.{each}" for each in MESSAGE)}
        FROM kept, json_populate_recordset(NULL::messages, %(said)s) AS new
    )
    SELECT EXISTS (SELECT FROM kept),
        EXISTS (SELECT FROM conversations WHERE owner = %(owner)s AND id = %(id)s)
"""  # noqa: S608 - the names of columns are constants of ours, here and below
LAST: Final = """
    SELECT role, text FROM messages
    WHERE owner = %s AND conversation = %s AND role <> 'tool' AND text <> ''
    ORDER BY position DESC LIMIT %s
"""
LIST: Final = f"""
    SELECT {", ".join(SUMMARY)} FROM conversations
    WHERE owner = %(owner)s
      AND (%(at)s::timestamptz IS NULL OR (updated_at, id) < (%(at)s, %(id)s::text))
    ORDER BY updated_at DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608
READ: Final = f"SELECT {', '.join(SUMMARY)} FROM conversations WHERE owner = %s AND id = %s"  # noqa: S608
SAID: Final = f"""
    SELECT {", ".join(MESSAGE)} FROM messages WHERE owner = %s AND conversation = %s
    ORDER BY position
"""  # noqa: S608
DELETE: Final = "DELETE FROM conversations WHERE owner = %s AND id = %s"
# Rows are locked in one order, so that two who delete the same do not wait for each other.
DELETE_SOME: Final = """
    DELETE FROM conversations WHERE owner = %(owner)s AND id IN (
        SELECT id FROM conversations WHERE owner = %(owner)s AND updated_at <= %(until)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE
    )
"""
PURGE_SOME: Final = """
    DELETE FROM conversations WHERE (owner, id) IN (
        SELECT owner, id FROM conversations WHERE updated_at < now() - make_interval(days => %s)
        ORDER BY updated_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""

LONGEST_TITLE: Final = 120
AT_ONCE: Final = 50
"""Conversations that one transaction removes, or one page of an export has."""

Turn = tuple[Role, str]
"""Who said something, and what."""


class FullError(Exception):
    """There is no room; the message says where, and what can be done."""


@dataclass(frozen=True)
class ConversationKey:
    """A conversation of somebody."""

    owner: str
    id: str


@dataclass(frozen=True)
class Mark:
    """Where a list goes on: behind the conversation *id*, which was last spoken in at *at*."""

    at: datetime
    id: str

    @classmethod
    def of(cls, summary: Summary) -> "Mark":
        """Behind *summary*."""
        return cls(summary.updated_at, summary.id)


class Store:
    """What is kept."""

    def __init__(self, database: Database, settings: AssistantSettings) -> None:
        self._database, self._settings = database, settings
        self.purged = Counter(
            "arkalia_conversations_purged",
            "Conversations that were deleted because nothing was said in them for long.",
            registry=None,
        )

    async def keep(self, key: ConversationKey, messages: Sequence[Message]) -> None:
        """Add *messages*, all or none. Raises DatabaseError, and FullError if there is no room."""
        kept = [each.model_copy(update={"text": storable(each.text)}) for each in messages]
        size = sum(len(each.text) for each in kept)
        if len(kept) > self._settings.most_messages or size > self._settings.most_characters:
            raise self._full_conversation()
        [[is_kept, is_known]] = await self._database.rows(KEEP, self._wanted(key, kept, size))
        if not is_kept:
            raise self._full_conversation() if is_known else self._too_many()

    async def last(self, key: ConversationKey) -> list[Turn]:
        """What was said last, as far as a model is shown it. Raises DatabaseError."""
        taken: list[Turn] = []
        left = self._settings.remembered_characters
        values = (key.owner, key.id, self._settings.remembered_messages)
        rows = await self._database.rows(LAST, values)
        for role, text in rows:
            left -= len(text)
            if left < 0:
                break
            taken.append((role, text))
        return _from_a_question(taken[::-1])

    async def listed(self, owner: str, mark: Mark | None, limit: int) -> list[Summary]:
        """At most *limit* conversations of *owner* behind *mark*. Raises DatabaseError."""
        at, last = (mark.at, mark.id) if mark else (None, None)
        wanted = {"owner": owner, "at": at, "id": last, "limit": limit}
        rows = await self._database.rows(LIST, wanted)
        return [Summary(**dict(zip(SUMMARY, row, strict=True))) for row in rows]

    async def read(self, key: ConversationKey) -> Conversation | None:
        """All of a conversation, if there is one. Raises DatabaseError."""
        values = (key.owner, key.id)
        async with self._database.transaction() as connection:
            rows = await connection.every(READ, values)
            said = await connection.every(SAID, values)
        for row in rows:
            messages = [Message(**dict(zip(MESSAGE, each, strict=True))) for each in said]
            return Conversation(**dict(zip(SUMMARY, row, strict=True)), said=messages)
        return None

    async def every(self, owner: str, first: Sequence[Summary]) -> AsyncIterator[Conversation]:
        """All conversations of *owner*, from those of the *first* page on. Raises DatabaseError."""
        page = first
        while page:
            for each in page:
                if found := await self.read(ConversationKey(owner, each.id)):
                    yield found
            page = await self.listed(owner, Mark.of(page[-1]), AT_ONCE)

    async def delete(self, key: ConversationKey) -> bool:
        """Whether there was such a conversation. Raises DatabaseError."""
        return bool(await self._database.run(DELETE, (key.owner, key.id)))

    async def delete_all(self, owner: str) -> int:
        """How many there were. Some are gone already if it raises DatabaseError."""
        wanted = {"owner": owner, "until": datetime.now(UTC), "limit": AT_ONCE}
        deleted = removed = await self._database.run(DELETE_SOME, wanted)
        while removed == AT_ONCE:
            removed = await self._database.run(DELETE_SOME, wanted)
            deleted += removed
        return deleted

    async def purge_some(self, days: int) -> int:
        """Delete some in which nothing was said for *days*, and say how many. Raises DatabaseError."""
        return await self._database.run(PURGE_SOME, (days, AT_ONCE))

    def _wanted(
        self, key: ConversationKey, kept: Sequence[Message], characters: int
    ) -> dict[str, Any]:
        """What KEEP is told."""
        said = [each.model_dump() | {"position": at} for at, each in enumerate(kept)]
        return {
            "owner": key.owner,
            "id": key.id,
            "title": title_of(kept),
            "messages": len(kept),
            "characters": characters,
            "most_conversations": self._settings.most_conversations,
            "most_messages": self._settings.most_messages,
            "most_characters": self._settings.most_characters,
            "said": Json(said),
        }

    def _full_conversation(self) -> FullError:
        most, longest = self._settings.most_messages, self._settings.most_characters
        return FullError(
            f"A conversation holds {most} messages and {longest} characters, and this one has "
            "no room for more: begin another."
        )

    def _too_many(self) -> FullError:
        most = self._settings.most_conversations
        return FullError(f"You have {most} conversations, and more are not kept: delete some.")


def storable(text: str) -> str:
    """*text* without what PostgreSQL cannot hold: NUL, and halves of characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def title_of(messages: Sequence[Message]) -> str:
    """How the first question among *messages* begins, on one line."""
    first = next((each.text for each in messages if each.role == "user"), "")
    return " ".join(first[: LONGEST_TITLE * 2].split())[:LONGEST_TITLE]


def mark_in(text: str) -> Mark:
    """The mark that *text* stands for. Raises ValueError."""
    number, _, last = text.partition(".")
    return Mark(_EPOCH + timedelta(microseconds=int(number)), last)


def text_of(mark: Mark) -> str:
    """*mark* as it stands in a query."""
    return f"{(mark.at - _EPOCH) // timedelta(microseconds=1)}.{mark.id}"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _from_a_question(turns: list[Turn]) -> list[Turn]:
    """*turns* without answers at their beginning whose question is not among them."""
    first = next((n for n, (role, _) in enumerate(turns) if role != "assistant"), len(turns))
    return turns[first:]
