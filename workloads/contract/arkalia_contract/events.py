"""The envelope of every event: CloudEvents 1.0 in its structured JSON form.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, with the extensions
`sequence`, `partitionkey` and `traceparent` of the same project. Events of one stream are ordered
by `sequence`, and the record adds `recordsequence`, the order in which it got the events of all
sources; `(source, id)` is unique, so that a reader can drop what it gets twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/cloudevents+json"
BATCH_CONTENT_TYPE: Final = "application/cloudevents-batch+json"
DATA_CONTENT_TYPE: Final = "application/json"
REQUIRED: Final = ("specversion", "id", "source", "type", "time", "partitionkey", "dataschema")


class EnvelopeError(ValueError):
    """What was received is not an event of Arkalia; the message names the attribute."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, told once, never changed."""

    id: str
    """Unique in its source; a UUID version 7, so that ids sort by time."""
    source: str
    """Who says it: `/arkalia/<namespace>/<system>/<module>`."""
    type: str
    """A name of the registry (`event_types`), for example `io.arkalia.decision.made`."""
    schema_version: int
    """Version of the data's schema."""
    stream: str
    """What it is about: events of one stream keep their order."""
    time: datetime
    """When it happened, in UTC."""
    data: Mapping[str, Any]
    """The fact itself, in the form that the registry's schema gives."""
    sequence: int | None = None
    """Its place among the events of its source; None until it is stored."""
    traceparent: str = ""
    """The trace in which it happened (W3C Trace Context)."""
    record_sequence: int | None = None
    """Its place among the events of all sources; None until the record has it."""


def source(namespace: str, system: str, module: str) -> str:
    """The `source` of the events of a module."""
    return f"/arkalia/{namespace}/{system}/{module}"


def data_schema(event_type: str, schema_version: int) -> str:
    """The `dataschema` of an event: a name, not an address."""
    return f"urn:arkalia:event:{event_type}:{schema_version}"


def to_json(event: Event) -> dict[str, Any]:
    """*event* as structured JSON."""
    envelope: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "dataschema": data_schema(event.type, event.schema_version),
        "partitionkey": event.stream,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": DATA_CONTENT_TYPE,
        "data": dict(event.data),
    }
    if event.sequence is not None:
        envelope["sequence"] = _digits(event.sequence)
    if event.record_sequence is not None:
        envelope["recordsequence"] = _digits(event.record_sequence)
    if event.traceparent:
        envelope["traceparent"] = event.traceparent
    return envelope


def from_json(envelope: Mapping[str, Any]) -> Event:
    """Read structured JSON. Raises EnvelopeError; attributes that are not known are dropped."""
    missing = [name for name in REQUIRED if not isinstance(envelope.get(name), str)]
    if missing:
        message = f"attributes are missing or no strings: {', '.join(missing)}"
        raise EnvelopeError(message)
    if envelope["specversion"] != SPEC_VERSION:
        message = f"specversion is {envelope['specversion']!r}: only {SPEC_VERSION} is understood"
        raise EnvelopeError(message)
    return Event(
        id=envelope["id"],
        source=envelope["source"],
        type=envelope["type"],
        schema_version=_schema_version(envelope["type"], envelope["dataschema"]),
        stream=envelope["partitionkey"],
        time=_time(envelope["time"]),
        data=_data(envelope.get("data")),
        sequence=_sequence(envelope, "sequence"),
        traceparent=str(envelope.get("traceparent", "")),
        record_sequence=_sequence(envelope, "recordsequence"),
    )


def _digits(sequence: int) -> str:
    """*sequence* as a string that sorts like the number: 20 digits hold 64 bits."""
    return f"{sequence:020d}"


def _schema_version(event_type: str, schema: str) -> int:
    prefix = data_schema(event_type, 0)[:-1]
    version = schema.removeprefix(prefix)
    if not schema.startswith(prefix) or not version.isascii() or not version.isdigit():
        message = f"dataschema is {schema!r}: expected {prefix}<version>"
        raise EnvelopeError(message)
    return int(version)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        message = f"time is {text!r}: expected RFC 3339 with an offset"
        raise EnvelopeError(message)
    return time.astimezone(UTC)


def _data(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        message = f"data is {type(data).__name__}: expected an object"
        raise EnvelopeError(message)
    return data


def _sequence(envelope: Mapping[str, Any], name: str) -> int | None:
    text = envelope.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        message = f"{name} is {text!r}: expected a string of digits"
        raise EnvelopeError(message)
    return int(text)
