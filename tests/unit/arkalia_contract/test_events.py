"""The envelope is CloudEvents 1.0, and nothing is lost between writing and reading it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_contract import events
from arkalia_contract.events import EnvelopeError, Event

NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,20}\Z")
TYPES = st.lists(NAMES, min_size=2, max_size=4).map(".".join)
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
FACTS = st.dictionaries(NAMES, st.none() | st.booleans() | st.integers() | st.text(), max_size=4)
EVENTS = st.builds(
    Event,
    id=NAMES,
    source=st.builds(events.source, NAMES, NAMES, NAMES),
    type=TYPES,
    schema_version=st.integers(1, 999),
    stream=NAMES,
    time=MOMENTS,
    data=FACTS,
    sequence=st.none() | st.integers(0, 2**63),
    traceparent=st.sampled_from(["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
)


def an_envelope(**changes):
    event = Event(
        id="1",
        source="/arkalia/arkalia/luna/zeroia",
        type="io.arkalia.decision.made",
        schema_version=1,
        stream="d-1",
        time=datetime(2026, 11, 20, 12, tzinfo=UTC),
        data={"decision_id": "d-1"},
    )
    envelope = events.to_json(event) | changes
    return {name: value for name, value in envelope.items() if value is not ...}


@given(EVENTS)
def test_an_event_survives_writing_and_reading(event):
    assert events.from_json(events.to_json(event)) == event


@given(EVENTS)
def test_an_envelope_has_every_attribute_that_cloudevents_requires(event):
    envelope = events.to_json(event)

    assert {"specversion", "id", "source", "type"} <= envelope.keys()
    assert envelope["specversion"] == "1.0"
    assert envelope["time"].endswith("Z")


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_sequences_sort_as_text_like_the_numbers(one, other):
    texts = [
        events.to_json(events.from_json(an_envelope(sequence=str(each))))["sequence"]
        for each in (one, other)
    ]

    assert (texts[0] < texts[1]) == (one < other)


def test_a_time_of_another_zone_is_written_in_utc():
    moment = datetime(2026, 11, 20, 14, tzinfo=timezone(timedelta(hours=2)))

    event = events.from_json(an_envelope(time=moment.isoformat()))

    assert events.to_json(event)["time"] == "2026-11-20T12:00:00Z"


def test_attributes_that_are_not_known_are_dropped():
    assert events.from_json(an_envelope(later="x")) == events.from_json(an_envelope())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ...}, "attributes are missing or no strings: id"),
        ({"source": 7, "type": ...}, "attributes are missing or no strings: source, type"),
        ({"specversion": "2.0"}, "specversion is '2.0': only 1.0 is understood"),
        (
            {"dataschema": "urn:other"},
            "dataschema is 'urn:other': expected urn:arkalia:event:io.arkalia.decision.made:<version>",
        ),
        ({"time": "yesterday"}, "time is 'yesterday': expected RFC 3339 with an offset"),
        (
            {"time": "2026-11-20T12:00:00"},
            "time is '2026-11-20T12:00:00': expected RFC 3339 with an offset",
        ),
        ({"data": [1]}, "data is list: expected an object"),
        ({"data": ...}, "data is NoneType: expected an object"),
        ({"sequence": 7}, "sequence is 7: expected a string of digits"),
        ({"sequence": "-7"}, "sequence is '-7': expected a string of digits"),
    ],
)
def test_what_is_no_event_is_refused_with_the_attribute(change, message):
    with pytest.raises(EnvelopeError) as refusal:
        events.from_json(an_envelope(**change))

    assert str(refusal.value) == message
