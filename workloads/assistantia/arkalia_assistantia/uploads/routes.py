"""`/v1/files`: what users upload, in the form of OpenAI's API."""

from http import HTTPStatus
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Form, Path, Query, UploadFile
from starlette.responses import PlainTextResponse, Response

from arkalia_assistantia.owners import Owner
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads.forms import ID, DeletedFile, File, Listed
from arkalia_assistantia.uploads.reading import ReadFile, UnreadableError, name_of, read
from arkalia_assistantia.uploads.store import Uploads, UploadsFullError
from arkalia_runtime.problems import Problem

FILES: Final = "/v1/files"
FILE: Final = f"{FILES}/{{file_id}}"
AS_IT_IS: Final = {"X-Content-Type-Options": "nosniff"}

T = TypeVar("T")

FileId = Annotated[str, Path(pattern=ID, max_length=80)]
After = Annotated[
    str | None, Query(pattern=ID, max_length=80, description="`last_id` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=10_000)]
Purpose = Annotated[
    str, Form(max_length=64, description="Read and not used: all files are user data.")
]


def routes(uploads: Uploads, settings: AssistantSettings) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["files"])

    @router.post(FILES, summary="Upload a text that questions may name")
    async def upload(owner: Owner, file: UploadFile, purpose: Purpose = "") -> File:  # noqa: ARG001
        sent = await _sent(file, settings)
        try:
            return await uploads.add(owner, sent)
        except UploadsFullError as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from error

    @router.get(FILES, summary="Your files, the newest first")
    async def list_files(owner: Owner, after: After = None, limit: Limit = 100) -> Listed:
        return await uploads.listed(owner, after, limit)

    router.include_router(_of_one(uploads))
    return router


def _of_one(uploads: Uploads) -> APIRouter:
    router = APIRouter()

    @router.get(FILE, summary="A file, without what stands in it")
    async def read_file(file_id: FileId, owner: Owner) -> File:
        return _found(await uploads.read(owner, file_id), file_id)

    @router.get(f"{FILE}/content", summary="What stands in it", response_class=PlainTextResponse)
    async def read_content(file_id: FileId, owner: Owner) -> Response:
        found = await uploads.texts(owner, [file_id])
        # As plain text whatever it is, so that no browser takes it for a page of this address.
        return PlainTextResponse(_found(found.get(file_id), file_id).content, headers=AS_IT_IS)

    @router.delete(FILE, summary="Delete a file")
    async def delete_file(file_id: FileId, owner: Owner) -> DeletedFile:
        if not await uploads.delete(owner, file_id):
            raise _missing(file_id)
        return DeletedFile(id=file_id)

    return router


def _found(what: T | None, file_id: str) -> T:
    """*what* was found of a file. Raises a 404 Problem where it is nothing."""
    if what is None:
        raise _missing(file_id)
    return what


def _missing(file_id: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"You have no file {file_id}.")


async def _sent(file: UploadFile, settings: AssistantSettings) -> ReadFile:
    """What stands in *file*. Raises Problem."""
    name = file.filename or ""
    content = await file.read(settings.most_upload_bytes + 1)
    if len(content) > settings.most_upload_bytes:
        detail = (
            f"{name_of(name)} is longer than {settings.most_upload_bytes} bytes: send a part of it."
        )
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    try:
        return read(name, file.content_type or "", content, settings.upload_types)
    except UnreadableError as error:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error)) from error
