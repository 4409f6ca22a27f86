"""Requests whose body is JSON, whatever they call it: the examples of Ollama's documentation say nothing."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.responses import Response


class ReadAsJson(APIRoute):
    """A route that reads a body as JSON, as Ollama's server does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, to which each body comes as JSON."""
        handle = super().get_route_handler()

        async def handle_as_json(request: Request) -> Response:
            headers = MutableHeaders(scope=request.scope)
            headers["Content-Type"] = "application/json"
            return await handle(Request(request.scope, request.receive))

        return handle_as_json
