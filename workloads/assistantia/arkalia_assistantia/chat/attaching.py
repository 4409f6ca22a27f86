"""Files of a question: each is shown to the model as a text from elsewhere, before what names it.

A message names files in OpenAI's form: a part `{"type": "file", "file": {"file_id": ...}}` for one that
was uploaded, or with `filename` and `file_data` for one that comes along.
"""

import asyncio
import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from arkalia_assistantia.chat.questions import SHOWN, Message, Question
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads.reading import Text, UnreadableError, name_of, read
from arkalia_assistantia.uploads.store import Uploads
from arkalia_assistantia.validating import Validating
from arkalia_runtime.database import DatabaseError

MOST_FILES: Final = 20
"""Of one question."""
READ_SECONDS: Final = 5.0
"""How long a question waits for its files."""
ENCODED: Final = ";base64"

Named = Mapping[str, Any]
"""The member `file` of a part of a message."""


class NotAttachedError(Exception):
    """A file cannot be read along; the message says which, and what to do."""


class UploadsAwayError(Exception):
    """The files cannot be read now."""


class Attaching:
    """Reads the files that questions name."""

    def __init__(
        self, uploads: Uploads, settings: AssistantSettings, validating: Validating
    ) -> None:
        self._uploads, self._settings, self._validating = uploads, settings, validating

    async def attached(self, question: Question) -> Question:
        """*question* with the texts of its files in the place of their names.

        Raises NotAttachedError or UploadsAwayError.
        """
        named = [each for message in question.messages for each in files_of(message)]
        if not named:
            return question
        if len(named) > MOST_FILES:
            message = f"{len(named)} files are named, and {MOST_FILES} are read: name fewer."
            raise NotAttachedError(message)
        known = await self._known(question.owner, named)
        messages, context = [], [*question.context]
        for each in question.messages:
            for text in [self._text(file, known) for file in files_of(each)]:
                messages += self._shown(text)
                context.append({"name": text.name, "text": text.text})
            messages.append(without_files(each))
        return replace(question, body={**question.body, "messages": messages}, context=context)

    async def _known(self, owner: str, named: Iterable[Named]) -> Mapping[str, Text]:
        """What stands in the uploaded ones of *named*, by id."""
        wanted = {str(each["file_id"]) for each in named if each.get("file_id")}
        if not wanted:
            return {}
        if not owner:
            message = (
                "Files belong to users, and the gateway names none: log in, or show an API key."
            )
            raise NotAttachedError(message)
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._uploads.texts(owner, sorted(wanted))
        except (DatabaseError, TimeoutError) as error:
            message = "Files cannot be read now: ask again, or ask without them."
            raise UploadsAwayError(message) from error

    def _text(self, named: Named, known: Mapping[str, Text]) -> Text:
        if file_id := named.get("file_id"):
            if file_id not in known:
                message = f"You have no file {name_of(str(file_id))}: upload it, or name another."
                raise NotAttachedError(message)
            return known[file_id]
        return self._along(str(named.get("filename") or ""), named.get("file_data"))

    def _along(self, name: str, data: Any) -> Text:
        """What stands in a file that came along: a data URL, or its bytes in base64 alone."""
        called, most = name_of(name), self._settings.most_upload_bytes
        if not isinstance(data, str):
            message = f"{called} is only named: write file_id of an uploaded file, or file_data."
            raise NotAttachedError(message)
        head, _, encoded = data.rpartition(",")
        try:
            content = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            message = f"{called}: file_data is no base64: write data:text/plain;base64,..."
            raise NotAttachedError(message) from error
        if len(content) > most:
            message = f"{called} is longer than {most} bytes: send a part of it."
            raise NotAttachedError(message)
        declared = head.removeprefix("data:").removesuffix(ENCODED)
        try:
            return read(name, declared, content, self._settings.upload_types)
        except UnreadableError as error:
            raise NotAttachedError(str(error)) from error

    def _shown(self, text: Text) -> list[Message]:
        """*text* in lines with a mark that nobody could know, and the rule of how to read them."""
        quotation = self._validating.quoted(text.text)
        return [
            {"role": "system", "content": quotation.rule},
            {"role": "user", "name": SHOWN, "content": f"{text.name}:\n{quotation.text}"},
        ]


def files_of(message: Message) -> list[Named]:
    """What *message* names as files."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [
        each["file"]
        for each in parts
        if isinstance(each, dict)
        and each.get("type") == "file"
        and isinstance(each.get("file"), dict)
    ]


def without_files(message: Message) -> Message:
    """*message* without the names of its files; what is one text then stands as text."""
    files = files_of(message)
    if not files:
        return message
    left = [
        each
        for each in message["content"]
        if not (isinstance(each, dict) and any(each.get("file") is file for file in files))
    ]
    texts = [each.get("text") for each in left if isinstance(each, dict)]
    plain = len(texts) == len(left) <= 1 and all(isinstance(each, str) for each in texts)
    return {**message, "content": "".join(map(str, texts)) if plain else left}
