"""The pods of the edge are believed where a request is from, and nobody else."""

import asyncio

import pytest

from arkalia_runtime import edge
from arkalia_runtime.edge import BehindEdge, addresses_of

NAME = "luna-edge-pods.arkalia.svc"


class Names:
    """A name server that can be away."""

    def __init__(self, *addresses):
        self.addresses = frozenset(addresses)
        self.asked = 0
        self.trouble = None

    async def __call__(self, name):
        assert name == NAME
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.addresses


async def client(service, peer, forwarded="203.0.113.9"):
    """Who asks, as the app behind the edge is told."""
    headers = [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": peer, "scheme": "http", "headers": headers}
    await service(scope, None, None)
    return service.seen[-1]["client"]


def a_service(names):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    service = BehindEdge(app, NAME, names)
    service.seen = seen
    return service


async def test_pod_of_the_edge_says_who_the_client_is():
    service = a_service(Names("10.1.0.7"))

    assert (await client(service, ("10.1.0.7", 4711)))[0] == "203.0.113.9"
    assert (await client(service, ("::ffff:10.1.0.7", 4711)))[0] == "203.0.113.9"


async def test_nobody_else_does():
    service = a_service(Names("10.1.0.7"))

    assert await client(service, ("10.1.0.8", 4711)) == ("10.1.0.8", 4711)
    assert await client(service, None) is None
    assert await client(service, ("testclient", 1)) == ("testclient", 1)


async def test_new_pod_is_found_and_strangers_do_not_cause_a_look_each(monkeypatch):
    names = Names("10.1.0.7")
    service = a_service(names)
    for _ in range(100):
        await client(service, ("10.1.0.8", 4711))
    assert names.asked == 1

    names.addresses = frozenset({"10.1.0.8"})
    monkeypatch.setattr(edge, "LOOK_SECONDS", 0.0)

    assert (await client(service, ("10.1.0.8", 4711)))[0] == "203.0.113.9"


async def test_pod_that_is_gone_is_believed_for_a_while_only(monkeypatch):
    names = Names("10.1.0.7")
    service = a_service(names)
    await client(service, ("10.1.0.7", 4711))
    names.addresses = frozenset()
    assert (await client(service, ("10.1.0.7", 4711)))[0] == "203.0.113.9"

    monkeypatch.setattr(edge, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(edge, "KNOWN_SECONDS", 0.0)

    assert (await client(service, ("10.1.0.7", 4711)))[0] == "10.1.0.7"


@pytest.mark.parametrize("trouble", [OSError("no answer"), TimeoutError()])
async def test_name_server_that_is_away_makes_nothing_forgotten(monkeypatch, trouble):
    names = Names("10.1.0.7")
    service = a_service(names)
    await client(service, ("10.1.0.7", 4711))
    monkeypatch.setattr(edge, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(edge, "KNOWN_SECONDS", 0.0)

    names.trouble = trouble

    assert (await client(service, ("10.1.0.7", 4711)))[0] == "203.0.113.9"
    assert names.asked == 2


async def test_requests_that_come_together_look_once():
    names = Names("10.1.0.7")
    service = a_service(names)

    await asyncio.gather(*(client(service, ("10.1.0.7", each)) for each in range(50)))

    assert names.asked == 1


async def test_what_is_no_request_passes():
    service = a_service(Names())

    await service({"type": "lifespan"}, None, None)

    assert service.seen == [{"type": "lifespan"}]


async def test_name_stands_for_addresses():
    assert "127.0.0.1" in await addresses_of("localhost")
