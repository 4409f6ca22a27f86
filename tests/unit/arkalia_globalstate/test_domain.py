"""The rules of the record: nobody speaks for another, and nothing goes back."""

from datetime import UTC, datetime

import pytest

from arkalia_contract.events import Event
from arkalia_globalstate.domain import RefusedPageError, chosen, require_recordable

SOURCE = "/arkalia/team-a/luna/zeroia"


def an_event(sequence, source=SOURCE):
    return Event(
        id=f"e{sequence}",
        source=source,
        type="io.arkalia.decision.made",
        schema_version=1,
        stream="s",
        time=datetime.now(UTC),
        data={},
        sequence=sequence,
    )


def test_events_that_follow_each_other_are_recorded():
    require_recordable([an_event(6), an_event(7), an_event(9)], SOURCE, 5)


@pytest.mark.parametrize("page", [[5], [6, 6], [7, 6], [None]])
def test_event_that_does_not_come_after_the_one_before_is_refused(page):
    with pytest.raises(RefusedPageError, match="not after"):
        require_recordable([an_event(sequence) for sequence in page], SOURCE, 5)


def test_event_of_another_source_is_refused():
    event = an_event(6, "/arkalia/team-a/luna/security")

    with pytest.raises(RefusedPageError, match="says that it comes from"):
        require_recordable([event], SOURCE, 5)


@pytest.mark.parametrize(("types", "names"), [("", []), ("a", ["a"]), ("a,b,", ["a", "b"])])
def test_types_are_names_with_commas_between(types, names):
    assert chosen(types) == names
