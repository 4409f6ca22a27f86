"""What a user's Secret says of an external data service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.planning.external import External, external
from arkalia_operator.planning.findings import Finding

CA = b"-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n"
SECRET = {
    "host": b"db.example.com",
    "port": b"5433",
    "database": b"luna",
    "username": b"admin",
    "password": b"secret",
}
POSTGRESQL, QUEUE, CACHE = DataService


def read(service=POSTGRESQL, **changes):
    data = {key.replace("_", "."): value for key, value in {**SECRET, **changes}.items()}
    return external(
        service, "mine", {key: value for key, value in data.items() if value is not None}
    )


def test_secret_names_the_endpoint():
    assert read(ca_crt=CA).endpoint == Endpoint("db.example.com", 5433, "luna", CA.decode())


def test_redis_has_no_database():
    assert read(QUEUE, database=None).endpoint == Endpoint("db.example.com", 5433)


@pytest.mark.parametrize("key", SECRET)
def test_key_that_is_missing_is_named(key):
    found = read(**{key: None})

    assert (found.reason, found.doomed) == ("SecretInvalid", True)
    assert (
        found.message == f"spec.data.postgresql.secret: Secret mine: key {key} is missing or empty"
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host", b"https://db.example.com"),
        ("host", b"two words"),
        ("port", b"0"),
        ("port", b"65536"),
        ("port", "٣".encode()),
        ("port", b"none"),
        ("ca_crt", b"not a certificate"),
        ("password", b"with a line end\n"),
        ("database", b" luna"),
    ],
)
def test_value_that_cannot_be_meant_is_refused(key, value):
    found = read(**{key: value})

    assert found.reason == "SecretInvalid"
    assert f"key {key.replace('_', '.')}" in found.message
    assert value.decode() not in found.message


@pytest.mark.parametrize(
    ("service", "field", "keys"),
    [
        (POSTGRESQL, "spec.data.postgresql.secret", "host, port, database, username, password"),
        (QUEUE, "spec.data.redis.queue.secret", "host, port, username, password"),
        (CACHE, "spec.data.redis.cache.secret", "host, port, username, password"),
    ],
)
def test_secret_that_is_not_there_is_asked_for(service, field, keys):
    found = external(service, "mine", None)

    assert (found.reason, found.doomed) == ("SecretMissing", True)
    asked = f"{field}: Secret mine does not exist: create it with the keys {keys}"
    assert found.message == asked


@pytest.mark.parametrize("change", [{"password": b"other"}, {"host": b"other"}, {"ca_crt": CA}])
def test_every_change_is_another_mark(change):
    assert read(**change).mark != read().mark


@given(st.dictionaries(st.sampled_from([*SECRET, "ca.crt"]), st.binary(max_size=30)))
def test_anything_at_all_is_an_endpoint_or_a_mistake(changes):
    found = external(POSTGRESQL, "mine", {**SECRET, **changes})

    assert isinstance(found, External | Finding)
