"""Whether an event has the form that the registry of the contract gives to its type."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import fastjsonschema
import orjson

from arkalia_contract import event_types

MAX_BYTES: Final = 65536
"""An event tells of a fact; what is longer has its own place, and the event says where."""

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
"""What the library checks; the registry uses no keyword that 2020-12 has changed."""


class InvalidEventError(ValueError):
    """An event that must not be published: a fault of the code that publishes it."""


def dumped(name: str, version: int, data: Mapping[str, Any]) -> bytes:
    """*data* as JSON. Raises InvalidEventError if it is not of the form of that type."""
    try:
        _validator(name, version)(dict(data))
        text = orjson.dumps(data)
    except fastjsonschema.JsonSchemaValueException as error:
        message = f"{name}, version {version}: {error.message}"
        raise InvalidEventError(message) from None
    except TypeError as error:
        message = f"{name}, version {version}: data is not JSON: {error}"
        raise InvalidEventError(message) from error
    if len(text) > MAX_BYTES:
        message = f"{name}: data has {len(text)} bytes, {MAX_BYTES} are allowed"
        raise InvalidEventError(message)
    return text


@cache
def _validator(name: str, version: int) -> Callable[[dict[str, Any]], object]:
    known = event_types.BY_NAME_AND_VERSION.get((name, version))
    if known is None:
        message = f"{name}, version {version}, is not in the registry of event types"
        raise InvalidEventError(message)
    validate: Callable[[dict[str, Any]], object] = fastjsonschema.compile(
        {**known.schema, "$schema": DRAFT}
    )
    return validate
