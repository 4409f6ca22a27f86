"""The connections of one pod."""

import ssl

import pytest

from arkalia_helloria.upstream.errors import NotSentError
from arkalia_helloria.upstream.replica import IDLE_SECONDS, Endpoint, Replica
from unit.arkalia_helloria.conftest import a_module

REQUEST = b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n"


async def used(replica, now):
    """A connection after an exchange, given back."""
    connection = await replica.connection(now)
    connection.ask(REQUEST, bodiless=False)
    await connection.head(30)
    while not connection.ended:
        await connection.arrival(30)
    connection.taken()
    replica.give_back(connection, now)
    return connection


async def test_connection_is_used_again_until_it_was_idle_for_too_long():
    async with a_module() as (_, port):
        replica = Replica(Endpoint("127.0.0.1", port, "", lambda: None, 1024))
        first = await used(replica, 100.0)
        second = await used(replica, 101.0)
        third = await used(replica, 102.0 + IDLE_SECONDS)
        replica.close()

        assert first is second
        assert third is not first
        assert first.closed


async def test_connection_of_former_trust_is_not_used_again():
    trusted = [None]
    async with a_module() as (_, port):
        replica = Replica(Endpoint("127.0.0.1", port, "", lambda: trusted[0], 1024))
        connection = await replica.connection(100.0)
        connection.ask(REQUEST, bodiless=False)
        await connection.head(30)
        trusted[0] = ssl.create_default_context()
        replica.give_back(connection, 100.0)

        # The module speaks no TLS: under the new trust there is no connection at all.
        with pytest.raises(NotSentError):
            await replica.connection(101.0)
        assert connection.closed
