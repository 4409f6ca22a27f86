"""What is passed on to a model server with members that are not known here."""

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, model_validator


class PassedOn(BaseModel):
    """A request whose further members are the model server's."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _require_what_can_be_passed_on(cls, given: Any) -> Any:
        """Refuse halves of characters and numbers beyond 64 bits, wherever they stand."""
        try:
            orjson.dumps(given)
        except TypeError as error:
            message = f"it cannot be passed on as JSON: {error}"
            raise ValueError(message) from None
        return given
