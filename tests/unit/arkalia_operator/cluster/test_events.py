import asyncio

import pytest

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


def posted(server):
    return [body for path, body in server.objects.items() if "/events/" in path]


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


async def test_announcements_wait_in_a_bounded_queue(server, monkeypatch):
    monkeypatch.setattr(events, "WAITING", 3)
    async with session_for(server) as session:
        recorder = Recorder(Client(session))

        for number in range(10):
            recorder.announce(LUNA, Announcement("Normal", "Reason", f"{number}"))

        assert recorder._waiting.qsize() == 3
