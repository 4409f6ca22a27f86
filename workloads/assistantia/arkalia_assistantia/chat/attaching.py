"""Texts that an answer may stand on: the context of a question, and the files that it names.

Each is shown to the model as a text from elsewhere, before what the user said last. A message names
files in OpenAI's form: a part `{"type": "file", "file": {"file_id": ...}}` for one that was uploaded,
or with `filename` and `file_data` for one that comes along.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from arkalia_assistantia.chat.questions import SHOWN, Message, Question
from arkalia_assistantia.prompts.separation import SHORTEST_MARK
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads.forms import ID
from arkalia_assistantia.uploads.reading import ReadFile, UnreadableError, name_of, read
from arkalia_assistantia.uploads.store import Uploads
from arkalia_assistantia.validating import Validating
from arkalia_runtime.database import DatabaseError

MOST_FILES: Final = 20
"""Files that one question may name."""
IDS: Final = re.compile(ID)
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
    """Reads along what questions stand on."""

    def __init__(
        self, uploads: Uploads, settings: AssistantSettings, validating: Validating
    ) -> None:
        self._uploads, self._settings, self._validating = uploads, settings, validating

    async def attached(self, question: Question) -> Question:
        """*question* with its files as texts of its context, and all of that as the model is shown it.

        Raises NotAttachedError or UploadsAwayError.
        """
        question = await self._with_files(question)
        texts = [f"{each['name']}:\n{each['text']}" for each in question.context]
        self._require_room(texts)
        shown = [message for text in texts for message in await self._shown(text)]
        return replace(question, shown=shown) if shown else question

    async def _with_files(self, question: Question) -> Question:
        named = [each for message in question.messages for each in files_of(message)]
        if not named:
            return question
        if len(named) > MOST_FILES:
            message = f"{len(named)} files are named, and {MOST_FILES} are read: name fewer."
            raise NotAttachedError(message)
        known = await self._known(question.owner, named)
        texts = dict.fromkeys(self._text(each, known) for each in named)
        files = [{"name": each.name, "text": each.content} for each in texts]
        messages = [without_files(each) for each in question.messages]
        body = {**question.body, "messages": messages}
        return replace(question, body=body, context=[*question.context, *files])

    def _require_room(self, texts: Sequence[str]) -> None:
        """Raise NotAttachedError if *texts*, with a mark before each line, are too long."""
        most = self._settings.most_shown_bytes
        marks = sum(text.count("\n") + 1 for text in texts) * (SHORTEST_MARK + len("| "))
        size = sum(len(text.encode("utf-8", "replace")) for text in texts) + marks
        if size > most:
            message = (
                f"All texts together are {size} bytes as a model is shown them, and {most} are read "
                "along: send the parts that matter."
            )
            raise NotAttachedError(message)

    async def _known(self, owner: str, named: Iterable[Named]) -> Mapping[str, ReadFile]:
        """What stands in the uploaded ones of *named*, by id."""
        wanted = {_id(each) for each in named if each.get("file_id")}
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

    def _text(self, named: Named, known: Mapping[str, ReadFile]) -> ReadFile:
        if named.get("file_id"):
            file_id = _id(named)
            if file_id not in known:
                message = f"You have no file {file_id}: upload it, or name another."
                raise NotAttachedError(message)
            return known[file_id]
        return self._along(str(named.get("filename") or ""), named.get("file_data"))

    def _along(self, name: str, data: Any) -> ReadFile:
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

    async def _shown(self, text: str) -> list[Message]:
        """*text* in lines with a mark that nobody could know, and the rule of how to read them."""
        quotation = await self._validating.quoted(text)
        return [
            {"role": "system", "content": quotation.rule},
            {"role": "user", "name": SHOWN, "content": quotation.text},
        ]


def _id(named: Named) -> str:
    """The id of an uploaded file. Raises NotAttachedError for what is none."""
    file_id = named["file_id"]
    if not isinstance(file_id, str) or not IDS.fullmatch(file_id):
        message = "file_id is the id of an uploaded file: write file- and what `/v1/files` told."
        raise NotAttachedError(message)
    return file_id


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
