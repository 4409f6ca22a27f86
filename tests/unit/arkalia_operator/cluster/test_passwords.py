"""Passwords that nobody guesses, and the verifiers by which real servers know them."""

import base64
import hashlib
import hmac
import itertools
import re
import string

import psycopg
import pytest

from arkalia_operator.cluster import passwords
from arkalia_operator.desired.data.access import DataService

NUMBERS = itertools.count()
# The example of RFC 7677, section 3: all that both sides say, the client's proof, the server's.
EXCHANGE = (
    b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
UNQUOTED = set(string.ascii_letters + string.digits + "-_")


@pytest.fixture
def role(postgresql):
    """Makes a role that PostgreSQL knows by a verifier."""
    name = f"known_by_verifier_{next(NUMBERS)}"

    def make(verifier):
        postgresql.admin(f"CREATE ROLE {name} LOGIN PASSWORD '{verifier}'")
        return name

    yield make
    postgresql.admin(f"DROP ROLE {name}")


def log_in(postgresql, role, password):
    place = {"host": str(postgresql.folder), "dbname": "postgres"}
    with psycopg.connect(**place, user=role, password=password) as connection:
        return connection.execute("SELECT current_user").fetchone()


def test_password_has_256_bits_and_needs_no_quotes():
    made = passwords.make_password()

    assert len(base64.urlsafe_b64decode(made + "=")) * 8 == 256
    assert set(made) <= UNQUOTED


def test_no_password_and_no_id_is_made_twice():
    assert len({passwords.make_password() for _ in range(100)}) == 100
    assert len({passwords.make_id() for _ in range(100)}) == 100


def test_verifier_answers_the_exchange_of_rfc_7677():
    verifier = passwords.scram("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))

    assert verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    stored_key, server_key = (base64.b64decode(each) for each in verifier.split("$")[2].split(":"))
    proof, signature = (base64.b64decode(each) for each in (PROOF, SIGNATURE))
    mask = hmac.digest(stored_key, EXCHANGE, "sha256")
    client_key = bytes(one ^ other for one, other in zip(proof, mask, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key
    assert hmac.digest(server_key, EXCHANGE, "sha256") == signature


def test_postgresql_lets_in_who_has_the_password_of_the_verifier_and_nobody_else(postgresql, role):
    password = passwords.make_password()
    name = role(passwords.verifier(DataService.POSTGRESQL, password))

    assert log_in(postgresql, name, password) == (name,)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        log_in(postgresql, name, passwords.make_password())


def test_postgresql_keeps_the_verifier_as_it_is(postgresql, role):
    verifier = passwords.verifier(DataService.POSTGRESQL, "one")
    name = role(verifier)

    stored = postgresql.admin(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'")

    assert stored == [(verifier,)]


def test_verifiers_of_one_password_tell_nobody_that_it_is_the_same():
    made = {passwords.verifier(DataService.POSTGRESQL, "one") for _ in range(10)}

    assert len(made) == 10


@pytest.mark.parametrize("service", [DataService.QUEUE, DataService.CACHE])
def test_redis_knows_a_password_by_its_digest(redis, service):
    verifier = passwords.verifier(service, "one")
    assert re.fullmatch(r"[0-9a-f]{64}", verifier)
    redis.admin("ACL", "SETUSER", "known", "on", f"#{verifier}", "+ping")

    assert redis.admin("AUTH", "known", "one") == "OK"

    redis.admin("ACL", "DELUSER", "known")
