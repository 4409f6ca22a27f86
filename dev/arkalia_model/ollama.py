"""The demonstration model by the API that Ollama has: as much of it as an operator and an assistant ask for.

It stands in the place of Ollama's own image where that cannot be had. What is pulled lies on a volume
and outlives the process, what is loaded does not; a model by any other name is refused in Ollama's words.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from arkalia_model.chains import NAME

VERSION: Final = "0.0.0-demonstration"
ASK_SECONDS: Final = 60
LATEST: Final = "latest"


class Shelf:
    """The models that lie in *folder*, and those of them that are loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.loaded: set[str] = set()

    @property
    def pulled(self) -> set[str]:
        """The models that can be loaded."""
        return {unquote(each.name) for each in self._folder.glob("*")}

    def pull(self, model: str) -> Iterator[dict[str, Any]]:
        """What a pull of *model* tells."""
        yield {"status": "pulling manifest"}
        if model.partition(":")[0] != NAME:
            yield {"error": "pull model manifest: file does not exist"}
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / quote(model, safe="")).touch()
        yield {"status": "success"}


def whole(model: str) -> str:
    """*model* with its tag."""
    return model if ":" in model else f"{model}:{LATEST}"


def serve(shelf: Shelf, address: tuple[str, int], model_server: tuple[str, int]) -> None:
    """Answer at *address* until the process ends, by what *model_server* says."""

    class Handler(_Handler):
        models, asked = shelf, model_server

    ThreadingHTTPServer(address, Handler).serve_forever()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    models: Shelf
    asked: tuple[str, int]
    timeout = ASK_SECONDS

    def do_GET(self) -> None:
        """What there is."""
        told = {
            "/api/version": lambda: {"version": VERSION},
            "/api/tags": lambda: _listed(self.models.pulled),
            "/api/ps": lambda: _listed(self.models.loaded),
        }.get(self.path)
        if told is None:
            self._tell({"error": "not found"}, HTTPStatus.NOT_FOUND)
        else:
            self._tell(told())

    def do_POST(self) -> None:
        """What is asked for."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = whole(str(body.get("model", "")))
        if self.path == "/api/pull":
            self._stream(self.models.pull(model))
        elif model not in self.models.pulled:
            self._tell({"error": f"model '{model}' not found"}, HTTPStatus.NOT_FOUND)
        elif self.path == "/api/generate" and not body.get("prompt"):
            self.models.loaded.add(model)
            self._tell({"model": model, "done": True, "done_reason": "load"})
        elif self.path == "/api/chat":
            self.models.loaded.add(model)
            self._stream(self._chat(model, body))
        else:
            self._tell({"error": "not found"}, HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Nothing: prompts are nobody's business."""

    def _chat(self, model: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The answer of the model, line by line. Who goes away stops it."""
        connection = HTTPConnection(*self.asked, timeout=ASK_SECONDS)
        try:
            wanted = {"messages": [*map(_asked, body["messages"])], "tools": body.get("tools")}
            wanted |= {"stream": True, "stream_options": {"include_usage": True}}
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", json.dumps(wanted), headers)
            usage: dict[str, int] = {}
            called: list[dict[str, str]] = []
            for event in _events(connection):
                usage = event.get("usage") or usage
                for choice in event["choices"]:
                    called += (each["function"] for each in choice["delta"].get("tool_calls") or ())
                    yield _line(model, choice["delta"].get("content") or "", done=False)
            if called:
                yield _call(model, called)
            counts = {
                "prompt_eval_count": usage.get("prompt_tokens", 0),
                "eval_count": usage.get("completion_tokens", 0),
            }
            yield _line(model, "", done=True) | {"done_reason": "stop", **counts}
        finally:
            connection.close()

    def _stream(self, lines: Iterator[dict[str, Any]]) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        for line in lines:
            self.wfile.write(json.dumps(line).encode() + b"\n")

    def _tell(self, document: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _events(connection: HTTPConnection) -> Iterator[dict[str, Any]]:
    for line in connection.getresponse():
        told = line.decode().strip().removeprefix("data: ")
        if told and told != "[DONE]":
            yield json.loads(told)


def _line(model: str, said: str, *, done: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": said}
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"model": model, "created_at": now, "message": message, "done": done}


def _asked(message: dict[str, Any]) -> dict[str, Any]:
    """A message as llama.cpp reads it: the arguments of a call are text."""
    calls = [
        {"type": "function", "function": {**each, "arguments": json.dumps(each["arguments"])}}
        for each in (call["function"] for call in message.get("tool_calls") or ())
    ]
    return {**message, "tool_calls": calls} if calls else message


def _call(model: str, pieces: list[dict[str, str]]) -> dict[str, Any]:
    """The one call that *pieces* make."""
    arguments = json.loads("".join(each["arguments"] for each in pieces))
    line = _line(model, "", done=False)
    line["message"]["tool_calls"] = [
        {"function": {"name": pieces[0]["name"], "arguments": arguments}}
    ]
    return line


def _listed(names: set[str]) -> dict[str, Any]:
    return {"models": [{"name": name, "model": name} for name in sorted(names)]}
