"""Requests of OpenAI's API: what of them is read here; their further members are the model server's."""

from typing import Annotated, Any, Literal

from pydantic import Field

from arkalia_assistantia.chat.passed_on import Open, PassedOn

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
ModelName = Annotated[str, Field(max_length=255)]


class Image(Open):
    """A picture."""

    url: str
    """An address, or `data:image/png;base64,...`: servers of Ollama take the second alone."""


class Part(Open):
    """A part of a message."""

    type: str
    text: str | None = None
    image_url: Image | None = None
    file: dict[str, Any] | None = None


class Function(Open):
    """The function that is called."""

    name: str | None = None
    arguments: str | None = None
    """A JSON object, as text."""


class Call(Open):
    """A call of a tool."""

    id: str | None = None
    function: Function | None = None


class ChatMessage(Open):
    """One message of the conversation."""

    role: Role
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class ResponseFormat(Open):
    """In which form the answer has to be."""

    type: str
    json_schema: dict[str, Any] | None = None


class StreamOptions(Open):
    """What a stream has beside the answer."""

    include_usage: bool = False


class Completion(PassedOn):
    """A request for an answer."""

    model: ModelName = ""
    """A model or an alias; none: the first that there is."""
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=2000)]
    tools: list[dict[str, Any]] | None = None
    response_format: ResponseFormat | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None


class Embedding(PassedOn):
    """A request for embeddings."""

    model: ModelName = ""
    input: str | list[Any]
