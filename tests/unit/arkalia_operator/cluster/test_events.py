import asyncio

import pytest

from arkalia_operator import metrics
from arkalia_operator.cluster import events
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.events import Recorder, Subject
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.planning.actions import Announcement
from model_api_server import respond, session_for, until

LUNA = Subject(SystemKey("ns", "luna"), "u1")
READY = Announcement("Normal", "SystemReady", "All modules run and serve.")


@pytest.fixture
async def recorder(server, clock):
    async with session_for(server) as session:
        recorder = Recorder(Client(session), clock)
        task = asyncio.create_task(recorder.run())
        yield recorder
        task.cancel()


def every(server):
    return [body for path, body in server.objects.items() if "/events/" in path]


def posted(server):
    """The Events, but for the one that says that some are missing."""
    return [each for each in every(server) if each["reason"] != "EventsLeftOut"]


def failed():
    return metrics.EVENTS_DROPPED.labels("failed")._value.get()


def left_out(server):
    return [each for each in every(server) if each["reason"] == "EventsLeftOut"]


async def test_an_announcement_becomes_an_event_about_the_system(server, recorder):
    recorder.announce(LUNA, READY)
    await until(lambda: posted(server))

    (event,) = posted(server)
    assert event["regarding"]["name"] == "luna"
    assert event["regarding"]["uid"] == "u1"
    assert (event["type"], event["reason"], event["note"]) == (
        "Normal", "SystemReady", "All modules run and serve.",
    )  # fmt: skip


async def test_the_same_words_within_ten_minutes_are_counted(server, recorder):
    recorder.announce(LUNA, READY)
    recorder.announce(LUNA, READY)
    await until(lambda: any("series" in each for each in posted(server)))

    (event,) = posted(server)
    assert event["series"]["count"] == 2


async def test_the_same_words_much_later_are_a_new_event(server, recorder, clock):
    recorder.announce(LUNA, READY)
    await until(lambda: len(posted(server)) == 1)

    clock.now = 601
    recorder.announce(LUNA, READY)

    await until(lambda: len(posted(server)) == 2)


async def test_a_system_that_says_too_much_is_cut_short(server, recorder, clock):
    for number in range(40):
        recorder.announce(LUNA, Announcement("Warning", "Reason", f"{number}"))
    await until(lambda: len(posted(server)) == events.BURST)

    clock.now = 61
    recorder.announce(LUNA, Announcement("Warning", "Reason", "one more"))

    await until(lambda: len(posted(server)) == events.BURST + 1)


@pytest.mark.parametrize(
    ("kind", "reason"), [("Warning", "Broken"), ("Normal", "WaitingForApproval")]
)
async def test_what_goes_well_leaves_room_for_what_somebody_must_know(
    server, recorder, kind, reason
):
    for number in range(40):
        recorder.announce(LUNA, Announcement("Normal", "Reason", f"{number}"))
    recorder.announce(LUNA, Announcement(kind, reason, "Something is."))

    await until(lambda: posted(server) and posted(server)[-1]["reason"] == reason)
    assert len(posted(server)) == events.BURST - events.RESERVED + 1


async def test_an_event_that_is_refused_stops_nothing(server, recorder, caplog):
    server.script("POST", "events", respond(403, {"message": "not allowed"}))

    recorder.announce(LUNA, READY)
    recorder.announce(LUNA, Announcement("Warning", "Other", "Something else."))

    await until(lambda: len(posted(server)) == 1)
    assert "not allowed" in caplog.text


async def test_a_system_whose_events_were_dropped_says_so_in_one_event(server, recorder, clock):
    for number in range(events.BURST + 20):
        recorder.announce(LUNA, Announcement("Warning", "Reason", f"{number}"))
    await until(lambda: left_out(server))

    clock.now = 61
    for number in range(20):
        recorder.announce(LUNA, Announcement("Warning", "Reason", f"more {number}"))

    await until(lambda: "series" in left_out(server)[0])
    (told,) = left_out(server)
    assert (told["type"], told["series"]["count"]) == ("Warning", 2)


async def test_nothing_is_said_of_missing_events_while_there_are_none(server, recorder):
    recorder.announce(LUNA, READY)
    await until(lambda: posted(server))

    assert left_out(server) == []


async def test_an_event_that_was_refused_is_told_as_missing(server, recorder):
    server.script("POST", "events", respond(403, {"message": "not allowed"}))

    recorder.announce(LUNA, READY)

    await until(lambda: left_out(server))
    assert posted(server) == []


async def test_that_events_are_missing_is_said_later_where_it_could_not_be_said(
    server, recorder, clock
):
    before = failed()
    for _ in range(2):
        server.script("POST", "events", respond(403, {"message": "not allowed"}))
    recorder.announce(LUNA, READY)
    await until(lambda: failed() == before + 2)

    clock.now = 61
    recorder.announce(LUNA, Announcement("Warning", "Other", "Something else."))

    await until(lambda: left_out(server))


@pytest.mark.parametrize("letter", ["x", "é", "…", "😀"])
async def test_a_message_that_is_too_long_is_cut_where_the_reader_sees_it(server, recorder, letter):
    recorder.announce(LUNA, Announcement("Warning", "Other", letter * 1025))
    await until(lambda: posted(server))

    (event,) = posted(server)
    assert len(event["note"].encode()) in range(1018, 1025)
    assert event["note"].startswith(letter * 200)
    assert event["note"].endswith("…")


async def test_announcements_wait_in_a_bounded_queue(server, monkeypatch):
    monkeypatch.setattr(events, "WAITING", 3)
    async with session_for(server) as session:
        recorder = Recorder(Client(session))

        for number in range(10):
            recorder.announce(LUNA, Announcement("Normal", "Reason", f"{number}"))

        assert recorder._waiting.qsize() == 3
