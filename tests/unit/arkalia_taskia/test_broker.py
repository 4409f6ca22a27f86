"""Celery's way to the queue trusts the authority that the file names, and no other."""

import pytest
from redis.exceptions import ConnectionError as UnreachableError

from arkalia_taskia import broker
from unit.arkalia_runtime.authority import Authority


@pytest.fixture
def client(settings):
    broker.PLACE.set(settings)
    return broker.client(settings)


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
