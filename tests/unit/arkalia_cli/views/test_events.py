"""Events of a system, in order."""

import pytest

from arkalia_cli.views import events
from unit.arkalia_cli.rendering import rendered
from unit.arkalia_cli.systems import a_system

DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "luna-helloria", "uid": "u1"}}
BEAT = {"kind": "Deployment", "metadata": {"name": "luna-taskia-beat", "uid": "u2"}}


def an_event(about, name, second=1, **more):
    return {
        "metadata": {"creationTimestamp": "2026-11-21T03:00:00Z"},
        "involvedObject": {"kind": about, "name": name},
        "eventTime": f"2026-11-21T04:00:0{second}.123456Z",
        "type": "Normal",
        "reason": "Scheduled",
        "message": "Assigned.",
        **more,
    }


def about(*bodies):
    return [e.object for e in events.of_system(a_system(), [DEPLOYMENT, BEAT], bodies)]


def test_events_come_in_the_order_in_which_they_happened():
    later, sooner = an_event("Deployment", "luna-helloria", 2), an_event("ArkaliaSystem", "luna", 1)

    assert about(later, sooner) == ["ArkaliaSystem/luna", "Deployment/luna-helloria"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ReplicaSet", "luna-helloria-5fc7fb9db4"),
        ("Pod", "luna-helloria-5fc7fb9db4-565mp"),
        ("Pod", "luna-taskia-beat-5fc7fb9db4-565mp"),
    ],
)
def test_events_of_pods_that_are_gone_are_found_by_their_names(kind, name):
    assert about(an_event(kind, name)) == [f"{kind}/{name}"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Deployment", "luna-b-helloria"),
        ("Pod", "sol-helloria-5fc7fb9db4-565mp"),
        ("Pod", "luna-helloria"),
        ("ArkaliaSystem", "luna-b"),
        ("Node", "luna-helloria-5fc7fb9db4"),
    ],
)
def test_events_of_others_are_left_out(kind, name):
    assert about(an_event(kind, name)) == []


def test_object_is_known_by_its_uid():
    event = an_event("Deployment", "renamed")
    event["involvedObject"]["uid"] = "u1"

    assert about(event) == ["Deployment/renamed"]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"series": {"lastObservedTime": "2026-11-21T05:00:00Z", "count": 3}}, "05:00:00"),
        ({"lastTimestamp": "2026-11-21T06:00:00Z"}, "06:00:00"),
        ({"eventTime": None}, "03:00:00"),
    ],
)
def test_time_is_when_the_event_was_last_seen(times, expected):
    [event] = events.of_system(a_system(), [], [an_event("ArkaliaSystem", "luna", **times)])

    assert expected in event.time


def test_table_marks_what_was_seen_again():
    found = events.of_system(a_system(), [], [an_event("ArkaliaSystem", "luna", count=4)])

    assert rendered(events.text(found)) == (
        "TIME                 TYPE    OBJECT              REASON     MESSAGE\n"
        "2026-11-21 04:00:01  Normal  ArkaliaSystem/luna  Scheduled  Assigned. (seen 4 times)"
    )


NOON = "2026-11-21T12:00:00Z"


def causes(found=(), begin=NOON, unreadable=()):
    told = events.left_out(
        events.of_system(a_system(), [], found), events.Span(begin, NOON), unreadable
    )
    return [each.cause for each in told]


def test_nothing_is_missing_where_nothing_can_be():
    assert causes([an_event("ArkaliaSystem", "luna")]) == []


def test_events_that_the_operator_has_left_out_are_told_as_missing():
    told = an_event("ArkaliaSystem", "luna", reason="EventsLeftOut")

    assert causes([told]) == ["Dropped"]


@pytest.mark.parametrize(
    ("begin", "expected"),
    [("2026-11-21T11:00:00Z", []), ("2026-11-21T10:59:59Z", ["Expired"])],
    ids=["an hour ago", "longer ago"],
)
def test_what_a_cluster_forgets_is_told_as_missing_if_that_time_is_looked_at(begin, expected):
    assert causes(begin=begin) == expected


def test_objects_that_the_user_may_not_list_are_told_as_missing():
    assert causes(unreadable=["Pod"]) == ["Unreadable"]


def test_what_is_missing_stands_below_in_one_line_each_with_what_to_do():
    missing = events.left_out([], events.Span("2026-11-20T12:00:00Z", NOON), ["Pod", "Job"])

    lines = rendered(events.text([], missing), width=400).splitlines()

    assert len(lines) == 3
    assert lines[0] == "There are no Events."
    assert "before 2026-11-21 11:00:00 may be missing" in lines[1]
    assert "`arkalia status`" in lines[1]
    assert "Pod, Job" in lines[2]
    assert "role view" in lines[2]


def test_programs_are_told_what_is_missing():
    missing = events.left_out([], events.Span(NOON, NOON), ["Pod"])

    [told] = events.data([], missing)["leftOut"]

    assert told["cause"] == "Unreadable"
    assert {"message", "advice"} < set(told)


def test_a_span_begins_with_the_system_or_later():
    span = events.Span.of(a_system(creationTimestamp="2026-11-21T09:00:00Z"), NOON)

    assert span.since("2026-11-20T00:00:00Z").begin == "2026-11-21T09:00:00Z"
    assert span.since("2026-11-21T11:30:00Z").begin == "2026-11-21T11:30:00Z"


def test_older_events_can_be_left_out():
    found = events.of_system(
        a_system(), [], [an_event("ArkaliaSystem", "luna", second) for second in (1, 5)]
    )

    assert len(events.since(found, "2026-11-21T04:00:03Z")) == 1
