"""Errors as clients of OpenAI's and of Ollama's API read them: a member `error` beside a problem's own.

Who asks is told by the path: `/v1/` is OpenAI's, `/api/` Ollama's, and `/api/v1/` the project's own.
Without that member such a client shows the status alone.
"""

from http import HTTPStatus
from typing import Any, Literal

Dialect = Literal["native", "openai", "ollama"]


def spoken_at(path: str) -> Dialect:
    """What clients of *path* understand."""
    if path.startswith("/v1/"):
        return "openai"
    return "ollama" if path.startswith("/api/") and not path.startswith("/api/v1/") else "native"


def error(dialect: Dialect, status: int, detail: str, code: str | None = None) -> dict[str, Any]:
    """The members that *dialect* adds to a problem; *code* says in one word what is wrong."""
    if dialect == "ollama":
        return {"error": detail}
    if dialect == "openai":
        is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
        kind = "invalid_request_error" if is_theirs else "server_error"
        return {"error": {"message": detail, "type": kind, "code": code, "param": None}}
    return {}
