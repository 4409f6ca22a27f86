"""What is passed on to a model server with members that are not known here."""

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, model_validator

from arkalia_assistantia.backends.openai import OF_OLLAMA


class Open(BaseModel):
    """Something whose further members are the model server's."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class PassedOn(Open):
    """A request."""

    @model_validator(mode="before")
    @classmethod
    def _require_what_can_be_passed_on(cls, given: Any) -> Any:
        """Refuse halves of characters and numbers beyond 64 bits, wherever they stand."""
        if isinstance(given, bytes):
            message = "it is not called JSON: send it with Content-Type: application/json"
            raise ValueError(message)  # noqa: TRY004 - pydantic tells of this one
        try:
            orjson.dumps(given)
        except TypeError as error:
            message = f"it cannot be passed on as JSON: {error}"
            raise ValueError(message) from None
        if isinstance(given, dict) and OF_OLLAMA in given:
            message = f"{OF_OLLAMA} is said inside Arkalia alone: leave it out"
            raise ValueError(message)
        return given
