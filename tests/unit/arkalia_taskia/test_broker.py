"""Celery's way to the queue trusts the authority that the file names, and no other."""

import socket
from uuid import uuid4

import orjson
import pytest
from redis.exceptions import ConnectionError as UnreachableError

from arkalia_taskia import broker
from arkalia_taskia.broker import NOTICED
from arkalia_taskia.celery_app import celery_app
from arkalia_taskia.message import message
from unit.arkalia_runtime.authority import Authority


@pytest.fixture
def client(settings):
    broker.PLACE.set(settings)
    return broker.client(settings)


def test_worker_notices_a_queue_that_went_without_a_word(settings):
    with celery_app(settings).connection_for_read() as connection:
        opened = connection.default_channel.client.connection_pool.get_connection()
        options = {each: opened._sock.getsockopt(socket.IPPROTO_TCP, each) for each in NOTICED}
        opened.disconnect()

    assert options == NOTICED
    assert options[socket.TCP_USER_TIMEOUT] == 20_000


def test_queue_with_the_named_authority_s_certificate_is_trusted(client):
    assert client.ping()


def test_queue_is_not_trusted_for_an_authority_that_the_machine_trusts(
    client, redis, tmp_path, monkeypatch
):
    other = Authority("an authority of the machine")
    known = tmp_path / "known.pem"
    known.write_bytes(other.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    redis.door.show(other)
    try:
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            client.ping()
    finally:
        redis.door.show(redis.authority)


def test_queue_of_another_name_is_not_trusted(client, redis):
    redis.door.show(redis.authority, ("elsewhere",))
    try:
        with pytest.raises(UnreachableError, match="Hostname mismatch"):
            client.ping()
    finally:
        redis.door.show(redis.authority)


@pytest.mark.parametrize("end", ["ack", "reject", "requeue"])
def test_place_is_free_again_when_the_queue_does_not_hear_of_the_end(settings, redis, end):
    app = celery_app(settings)
    queue = f"{broker.PLACE.now()[0].prefix}default"
    redis.admin("LPUSH", queue, orjson.dumps(message(str(uuid4()), "default")).decode())
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        channel.basic_qos(0, 1, False)
        taken = channel.basic_get("default")
        assert not channel.qos.can_consume()
        redis.door.close()
        try:
            with pytest.raises(UnreachableError):
                getattr(taken, end)()
        finally:
            redis.door.open()

        assert channel.qos.can_consume()
