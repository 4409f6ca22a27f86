"""`arkalia events` against an API server."""

from datetime import UTC, datetime

import pytest

from arkalia_cli.api_paths import EVENT, EVENTFUL
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.objects import a_pod, collection
from unit.arkalia_cli.systems import a_system


@pytest.fixture
def told_events(cluster):
    """An Event about a pod from long ago, and one about the system from now."""
    cluster.list(SYSTEMS, a_system())
    for kind in EVENTFUL:
        cluster.list(collection(kind))
    cluster.list(collection(EVENTFUL[0]), a_pod("h-1", "helloria"))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    cluster.list(
        collection(EVENT),
        {"metadata": {}, "involvedObject": {"kind": "ArkaliaSystem", "name": "luna"},
         "reason": "SystemReady", "lastTimestamp": now},
        {"metadata": {}, "involvedObject": {"kind": "Pod", "name": "h-1"},
         "reason": "Scheduled", "lastTimestamp": "2020-01-01T00:00:00Z"},
    )  # fmt: skip
    return cluster


def test_events_of_the_system_and_its_pods_come_in_order(told_events, told):
    assert [each["reason"] for each in told("events")["events"]] == ["Scheduled", "SystemReady"]


def test_only_younger_events_come_with_since(told_events, told):
    [event] = told("events", "--since", "5m")["events"]

    assert event["reason"] == "SystemReady"


def test_kinds_that_the_user_may_not_list_are_left_out_and_named(told_events, told):
    told_events.by_path[collection(EVENTFUL[1])] = 403

    answer = told("events")

    assert len(answer["events"]) == 2
    assert [each["cause"] for each in answer["leftOut"]] == ["Unreadable"]
    assert EVENTFUL[1].name in answer["leftOut"][0]["message"]


def test_what_a_cluster_forgets_is_told_of_an_old_system_only(told_events, told):
    def expired(*words, created):
        told_events.list(SYSTEMS, a_system(creationTimestamp=created))
        return "Expired" in [each["cause"] for each in told("events", *words)["leftOut"]]

    long_ago, now = "2020-01-01T00:00:00Z", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert expired(created=long_ago)
    assert expired("--since", "2h", created=long_ago)
    assert not expired("--since", "5m", created=long_ago)
    assert not expired("--since", "2d", created=now)


def test_span_that_no_clock_can_count_back_is_refused_in_words(told_events, arkalia):
    done = arkalia("events", "--since", "99999999d")

    assert done.exit_code == 2
    assert "at most 3650d" in " ".join(done.stderr.split())


def test_lines_in_a_pipe_end_with_what_they_say(told_events, arkalia):
    lines = arkalia("events").stdout.splitlines()

    assert [len(line) for line in lines] == [len(line.rstrip()) for line in lines]
    assert lines[-1].endswith("SystemReady")
