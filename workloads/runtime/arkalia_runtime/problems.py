"""Problems: every error answer is a problem document (RFC 9457), and none tells of the inside.

A route raises Problem (or FastAPI's own HTTPException); what nobody foresaw becomes a 500 in
`middleware`. Stack traces go to the log, where the request id leads.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from arkalia_contract import headers
from arkalia_runtime import dialects, logs
from arkalia_runtime.mistakes import said

MEDIA_TYPE: Final = "application/problem+json"

TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110's names, where Python before 3.13 has older ones."""

PUBLIC_PATH: Final = headers.PUBLIC_PATH.lower().encode("ascii")

MOST_TOLD: Final = 3
"""Mistakes of a request in the sentence that many clients show alone."""


class ProblemDocument(BaseModel):
    """What the OpenAPI description says about every answer that is not a success."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str | None


OPENAPI_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}},
    }
}


class Problem(HTTPException):
    """An error that a client can understand. *members* become members of the document."""

    def __init__(self, status: int, detail: str, **members: Any) -> None:
        super().__init__(status, detail)
        self.members = members


def problem_response(
    scope: Scope,
    status: int,
    detail: str,
    members: Mapping[str, Any] | None = None,
    said: Mapping[str, str] | None = None,
) -> Response:
    """The document as an answer to the request *scope*."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path_of(scope),
        "request_id": logs.request_id.get(),
        **dialects.error(dialects.spoken_at(scope["path"]), status, detail),
        **(members or {}),
    }
    return Response(orjson.dumps(document), status, said, MEDIA_TYPE)


def path_of(scope: Scope) -> str:
    """The path by which the client knows what it asked for: that of the request, or what a module says.

    Nobody else is believed: a module has shown its token, and the gateway lets nobody say it for it.
    """
    if logs.caller.get() is not None:
        for name, value in scope["headers"]:
            if name == PUBLIC_PATH:
                return unquote(value.decode("latin-1"))
    return str(scope["path"])


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer an HTTPException: a Problem, or one of the framework (404, 405, ...)."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    members = error.members if isinstance(error, Problem) else {}
    detail = _said_by_framework(request, error) or str(error.detail)
    return problem_response(request.scope, error.status_code, detail, members, error.headers)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit the route's schema, without repeating its values."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    found = faults(error.errors())
    detail = f"The request does not fit: {in_words(found)}."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem_response(request.scope, status, detail, {"errors": found})


def faults(errors: Iterable[Mapping[str, Any]], *under: str) -> list[dict[str, str]]:
    """What pydantic says is wrong, without the values: the places lie *under* that of a document."""
    return [
        {"where": ".".join((*under, *map(str, each["loc"]))), "message": said(each)}
        for each in errors
    ]


def in_words(found: Sequence[Mapping[str, str]]) -> str:
    """The first of *found* as a sentence says them; all stand in `errors`."""
    told = [f"{each['where']}: {each['message'].rstrip('.')}" for each in found[:MOST_TOLD]]
    more = len(found) - len(told)
    return "; ".join([*told, f"and {more} more in `errors`"] if more else told)


def _said_by_framework(request: Request, error: HTTPException) -> str | None:
    if error.detail != HTTPStatus(error.status_code).phrase:
        return None
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path_of(request.scope)}; /docs shows what there is."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return f"{request.method} is not possible here; possible: {allowed}."
    return None
