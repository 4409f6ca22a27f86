"""The Ollama server, as far as it must be asked (https://github.com/ollama/ollama/blob/main/docs/api.md)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlsplit

from arkalia_model_keeper.names import whole

ASK_SECONDS: Final = 10.0
PULL_SECONDS: Final = 300.0
"""Longest silence of a pull: it tells how far it is several times a second."""
LOAD_SECONDS: Final = 1800.0
"""Ollama itself gives a model five minutes without progress; a large one on a slow disk takes longer."""
FOR_EVER: Final = -1
LONGEST_ANSWER: Final = 4 * 1024 * 1024


class UnreachableError(Exception):
    """The server gives no answer for now."""


class RefusedError(Exception):
    """The server says that it will not do it, in its own words."""


class Server:
    """One server, at *address*: `http://127.0.0.1:11434`."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port

    def pulled(self) -> frozenset[str]:
        """The models that lie on its volume."""
        return _listed(self._asked("GET", "/api/tags", None, ASK_SECONDS))

    def loaded(self) -> frozenset[str]:
        """The models that are in memory."""
        return _listed(self._asked("GET", "/api/ps", None, ASK_SECONDS))

    def pull(self, model: str) -> Iterator[dict[str, Any]]:
        """Pull *model*, or what is missing of it, and tell how far it is.

        Raises RefusedError and UnreachableError.
        """
        with self._answer("POST", "/api/pull", {"model": model}, PULL_SECONDS) as answer:
            for line in answer:
                told = _document(line)
                if "error" in told:
                    raise RefusedError(str(told["error"]))
                yield told

    def load(self, model: str) -> None:
        """Have *model* in memory until the server ends. Raises RefusedError and UnreachableError."""
        try:
            self._load("/api/generate", {"model": model, "keep_alive": FOR_EVER})
        except RefusedError as refused:
            if "does not support generate" not in str(refused):
                raise
            # A model that only embeds writes nothing.
            self._load("/api/embed", {"model": model, "input": "", "keep_alive": FOR_EVER})

    def _load(self, path: str, body: dict[str, Any]) -> None:
        self._asked("POST", path, {**body, "stream": False}, LOAD_SECONDS)

    def _asked(self, method: str, path: str, body: object, seconds: float) -> dict[str, Any]:
        with self._answer(method, path, body, seconds) as answer:
            return _document(answer.read(LONGEST_ANSWER))

    @contextmanager
    def _answer(
        self, method: str, path: str, body: object, seconds: float
    ) -> Iterator[HTTPResponse]:
        connection = HTTPConnection(self._host, self._port, timeout=seconds)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise RefusedError(_complaint(answer))
            yield answer
        except (OSError, HTTPException) as error:
            message = f"{method} {path}: {str(error) or type(error).__name__}"
            raise UnreachableError(message) from error
        finally:
            connection.close()


def _listed(answer: dict[str, Any]) -> frozenset[str]:
    models = answer.get("models") or ()
    return frozenset(whole(str(each.get("model") or each["name"])) for each in models)


def _complaint(answer: HTTPResponse) -> str:
    text = answer.read(LONGEST_ANSWER)
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status}"


def _document(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        message = f"an answer that is no JSON: {error}"
        raise UnreachableError(message) from error
    if not isinstance(found, dict):
        message = "an answer that is no JSON object"
        raise UnreachableError(message)
    return found
