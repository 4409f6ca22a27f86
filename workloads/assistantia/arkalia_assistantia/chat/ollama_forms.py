"""Requests of Ollama's API: what of them is read here."""

from typing import Annotated, Any, Literal

from pydantic import Field

from arkalia_assistantia.chat.openai_forms import ModelName, Role
from arkalia_assistantia.chat.passed_on import Open, PassedOn


class OllamaFunction(Open):
    """The function that is called."""

    name: str
    arguments: dict[str, Any] | None = None


class OllamaCall(Open):
    """A call of a tool."""

    id: str | None = None
    function: OllamaFunction


class OllamaMessage(Open):
    """One message of the conversation."""

    role: Role
    content: str | None = None
    images: list[str] | None = None
    """Pictures in base64."""
    tool_calls: list[OllamaCall] | None = None
    tool_call_id: str | None = None
    tool_name: str | None = None


class _Request(PassedOn):
    model: ModelName = ""
    stream: bool | None = None
    """Whether the answer comes as it is said: unless this is false."""
    options: dict[str, Any] | None = None
    """Of the model; which OpenAI's API has no word for reach servers of Ollama alone."""
    format: Literal["json", ""] | dict[str, Any] | None = None
    """`json`, or the schema that the answer has to fit."""
    think: bool | str | None = None
    """Whether the model shall think, or how much; it reaches servers of Ollama alone."""


class OllamaChat(_Request):
    """A request of `/api/chat`."""

    messages: Annotated[list[OllamaMessage], Field(min_length=1, max_length=2000)]
    tools: list[dict[str, Any]] | None = None


class OllamaPrompt(_Request):
    """A request of `/api/generate`."""

    prompt: str
    system: str | None = None
    images: list[str] | None = None
