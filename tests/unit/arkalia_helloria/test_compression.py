"""Answers that are compressed on their way, and those that are not."""

import gzip

import pytest

from arkalia_helloria.compression import LEAST_BYTES, MOST_BYTES, compressed
from unit.arkalia_helloria.conftest import a_module, reply

BODY = b'{"tasks": "' + b"again and again " * 200 + b'"}'
JSON = (b"content-type", b"application/json")
GZIP = [(b"accept-encoding", b"br;q=1.0, gzip;q=0.8")]


def answer(*headers, asked=GZIP, body=BODY):
    given = [*headers, (b"content-length", str(len(body)).encode())]
    found, sent = compressed(asked, given, body)
    return dict(found), sent


def test_answer_in_words_becomes_smaller_and_says_so():
    headers, sent = answer(JSON, (b"etag", b'"1"'))

    assert gzip.decompress(sent) == BODY
    assert len(sent) < len(BODY) / 10
    assert headers == {
        b"content-type": b"application/json",
        b"content-encoding": b"gzip",
        b"content-length": str(len(sent)).encode(),
        b"etag": b'W/"1"',
        b"vary": b"Accept-Encoding",
    }


@pytest.mark.parametrize(
    "asked", [[], [(b"accept-encoding", b"br")], [(b"accept-encoding", b"gzip;q=0")]]
)
def test_who_does_not_ask_for_it_gets_it_as_it_is(asked):
    headers, sent = answer(JSON, asked=asked)

    assert sent == BODY
    assert b"content-encoding" not in headers
    assert headers[b"vary"] == b"Accept-Encoding"


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"image/png")],
        [(b"content-type", b"text/event-stream; charset=utf-8")],
        [JSON, (b"content-encoding", b"br")],
        [JSON, (b"content-range", b"bytes 0-1/2")],
        [JSON, (b"cache-control", b"public, no-transform")],
        [],
    ],
)
def test_what_would_not_gain_or_must_not_change_stays_as_it_is(headers):
    found, sent = answer(*headers)

    assert sent == BODY
    assert b"vary" not in found


@pytest.mark.parametrize("size", [LEAST_BYTES - 1, MOST_BYTES + 1])
def test_very_short_and_very_long_answers_stay_as_they_are(size):
    assert answer(JSON, body=b"x" * size)[1] == b"x" * size


async def test_client_that_asks_for_it_gets_answers_compressed(gateway):
    async def in_words(scope, receive, send):
        await reply(send, BODY, headers=[JSON])

    async with a_module(in_words) as (_, port), gateway({"taskia": port}) as client:
        plain = await client.get("/api/v1/taskia/x", headers={"Accept-Encoding": "identity"})
        small = await client.get("/api/v1/taskia/x", headers={"Accept-Encoding": "gzip"})

        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert int(small.headers["Content-Length"]) < len(BODY)
        assert await plain.read() == await small.read() == BODY
