"""Secrets on a model of the API server: believed for a minute, written only if nobody else did."""

import base64

import pytest

from arkalia_operator.cluster import secrets
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.secrets import (
    FRESH_SECONDS,
    Secrets,
    decoded,
    encoded,
    fresh_for,
    fresh_for_few,
    label_of,
    place_of,
)
from arkalia_operator.desired import kinds, metadata
from arkalia_operator.errors import ConflictError
from builders import a_system
from model_api_server import session_for

SYSTEM = a_system()
PLACE = place_of(SYSTEM, "one")


class Record:
    """What the tests remember of a Secret."""

    def __init__(self, live):
        self.resource_version = live["metadata"]["resourceVersion"]
        self.word = decoded(live)["word"]


class Hands:
    """What reads and writes one Secret, and turns the clock."""

    def __init__(self, client):
        self.now = 0.0
        self.fresh = FRESH_SECONDS
        self.secrets = Secrets(client, lambda: self.now, lambda: self.fresh)

    async def read(self, *, place=PLACE, mark=""):
        return await self.secrets.read(place, lambda live: Record(live) if live else None, mark)

    async def write(self, word, before=None):
        labels = metadata.lasting_labels(SYSTEM)
        data = encoded({"word": word})
        made = metadata.manifest(kinds.SECRET, "one", SYSTEM, labels, data=data)
        return Record(await self.secrets.write(made, before))


@pytest.fixture
async def hands(server):
    async with session_for(server) as session:
        yield Hands(Client(session))


async def test_secret_that_is_missing_is_believed_to_be_missing_for_a_minute(hands):
    assert await hands.read() is None
    await hands.write(b"hello")

    hands.now = FRESH_SECONDS - 1
    assert await hands.read() is None
    hands.now = FRESH_SECONDS
    assert (await hands.read()).word == b"hello"


async def test_what_has_not_changed_is_taken_apart_once(hands):
    first = await hands.write(b"hello")
    before = await hands.read()

    hands.now = FRESH_SECONDS
    same = await hands.read()
    await hands.write(b"goodbye", first)
    hands.now = 2 * FRESH_SECONDS
    changed = await hands.read()

    assert same is before
    assert changed.word == b"goodbye"


async def test_secret_that_was_written_and_then_deleted_is_missing_at_the_next_look(hands, server):
    hands.secrets.remember(PLACE, await hands.write(b"hello"))

    await server.remove(f"/api/v1/namespaces/{SYSTEM.namespace}/secrets/one")
    hands.now = FRESH_SECONDS

    assert await hands.read() is None


async def test_secret_is_believed_longer_where_there_are_many_systems(hands):
    hands.fresh = fresh_for(systems=1000)
    await hands.read()
    await hands.write(b"hello")

    hands.now = 999
    assert await hands.read() is None
    hands.now = 1000
    assert (await hands.read()).word == b"hello"


def test_looks_at_few_systems_are_a_minute_apart():
    assert fresh_for(systems=1) == fresh_for(systems=60) == fresh_for_few() == FRESH_SECONDS


async def test_secret_is_read_again_at_once_when_its_mark_is_another(hands):
    await hands.read(mark="a")
    await hands.write(b"hello")

    assert (await hands.read(mark="b")).word == b"hello"


async def test_secret_is_read_again_when_it_was_forgotten(hands):
    await hands.read()
    await hands.write(b"hello")

    hands.secrets.forget(PLACE)

    assert (await hands.read()).word == b"hello"


async def test_secret_that_was_read_longest_ago_is_forgotten_when_there_are_many(
    hands, server, monkeypatch
):
    monkeypatch.setattr(secrets, "REMEMBERED", 1)
    await hands.read()
    await hands.read(place=place_of(SYSTEM, "two"))
    server.seen.clear()

    await hands.read(place=place_of(SYSTEM, "two"))
    assert server.seen == []
    await hands.read()

    assert len(server.seen) == 1


async def test_secret_is_written_over_the_version_that_was_read(hands):
    first = await hands.write(b"one")

    await hands.write(b"two", first)

    assert (await hands.read()).word == b"two"


async def test_secret_is_not_written_when_somebody_else_was_first(hands):
    first = await hands.write(b"one")
    await hands.write(b"theirs", first)

    for before in (None, first):
        with pytest.raises(ConflictError):
            await hands.write(b"ours", before)

    assert (await hands.read()).word == b"theirs"


def test_value_that_is_no_base64_is_empty():
    good = base64.b64encode(b"good").decode()

    assert decoded({"data": {"bad": "%", "good": good}}) == {"bad": b"", "good": b"good"}
    assert decoded({"data": None}) == decoded(None) == {}


def test_label_of_an_object_without_labels_is_empty():
    assert label_of({"labels": None}, "any") == label_of({}, "any") == ""
