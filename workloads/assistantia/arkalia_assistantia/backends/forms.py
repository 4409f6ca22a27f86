"""The form of what model servers say: what of it is read here. What else they say is passed on as it is."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arkalia_assistantia.backends.errors import BrokenError

Count = Annotated[int, Field(ge=0, lt=2**53)]
"""Which are added, and have to be a number of JSON afterwards."""


class _Form(BaseModel):
    model_config = ConfigDict(strict=True)


class _Function(_Form):
    name: str | None = None
    arguments: str | None = None


class _Call(_Form):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(_Form):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_Call] | None = None


class _LogProbabilities(_Form):
    content: list[Any] | None = None
    refusal: list[Any] | None = None


class _Choice(_Form):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: _LogProbabilities | None = None


class Chunk(_Form):
    """A `chat.completion.chunk` of OpenAI's API."""

    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None


class _OllamaFunction(_Form):
    name: str | None = None
    arguments: dict[str, Any] | None = None


class _OllamaCall(_Form):
    id: str | None = None
    function: _OllamaFunction | None = None


class _Message(_Form):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_OllamaCall] | None = None


class Line(_Form):
    """A line of an answer of Ollama's `/api/chat`."""

    message: _Message | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: Count | None = None
    eval_count: Count | None = None


def checked(said: dict[str, Any], form: type[BaseModel]) -> dict[str, Any]:
    """*said*, which has the *form*. Raises BrokenError if it does not."""
    try:
        form.model_validate(said)
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(map(str, first["loc"]))
        message = f"says what has no known form: {where}: {first['msg']}"
        raise BrokenError(message) from None
    return said
