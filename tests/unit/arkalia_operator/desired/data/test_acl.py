"""Who may do what in Redis, asked of a real one.

Its version 6 does not know the rights of the queue, which tell reading from writing: the stories in
a cluster ask a Redis 7 about these.
"""

import subprocess
import time
from contextlib import contextmanager

import pytest
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from arkalia_operator.cluster.passwords import sha256
from arkalia_operator.desired.data import acl
from arkalia_operator.desired.data.access import DataService
from data_services import REDIS_PROGRAM
from tls_door import PATIENCE_SECONDS

QUEUE, CACHE = DataService.QUEUE, DataService.CACHE
FIRST, SECOND = sha256("first"), sha256("second")
ONCE = Retry(NoBackoff(), 0)  # a refused password stays refused
FORBIDDEN = [
    ("GET", "beta:x"),
    ("SET", "x", "1"),
    ("PUBLISH", "beta:x", "1"),
    ("FLUSHALL",),
    ("CONFIG", "GET", "maxmemory"),
    ("ACL", "LIST"),
    ("KEYS", "*"),
    ("EVAL", "return redis.call('GET', 'beta:x')", "0"),
]
ALLOWED = [
    ("SET", "alpha:x", "1"),
    ("PUBLISH", "alpha:x", "1"),
    ("PING",),
]


@pytest.fixture
def tell(redis):
    def told(text):
        for each in text.splitlines():
            redis.admin(*each.split(" "))

    yield told
    redis.admin("ACL", "DELUSER", "alpha", "beta")


@pytest.fixture
def client(redis):
    def logged_in(user, password):
        socket = str(redis.folder / "socket")
        return Redis(unix_socket_path=socket, username=user, password=password, retry=ONCE)

    return logged_in


@pytest.mark.parametrize("words", FORBIDDEN, ids=" ".join)
def test_module_reaches_nothing_but_its_own(tell, client, words):
    tell(acl.commands(CACHE, {"alpha": [FIRST], "beta": [SECOND]}, keep=False))

    with pytest.raises(exceptions.ResponseError, match=r"permission|access"):
        client("alpha", "first").execute_command(*words)


@pytest.mark.parametrize("words", ALLOWED, ids=" ".join)
def test_module_uses_its_own(tell, client, words):
    tell(acl.commands(CACHE, {"alpha": [FIRST]}, keep=False))

    client("alpha", "first").execute_command(*words)


def test_nobody_is_woken_by_the_cache(tell, client):
    tell(acl.commands(CACHE, {"alpha": [FIRST]}, keep=False))

    with pytest.raises(exceptions.NoPermissionError):
        client("alpha", "first").xadd("wake:alpha", {"a": "b"})


@pytest.mark.parametrize("password", ["first", "second"])
def test_both_passwords_are_good_while_one_follows_the_other(tell, client, password):
    tell(acl.commands(CACHE, {"alpha": [FIRST, SECOND]}, keep=False))

    assert client("alpha", password).ping()


@pytest.mark.parametrize("left", [[SECOND], []])
def test_password_that_is_not_told_any_more_is_good_no_more(tell, client, left):
    tell(acl.commands(CACHE, {"alpha": [FIRST]}, keep=False))

    tell(acl.commands(CACHE, {"alpha": left}, keep=False))

    with pytest.raises(exceptions.AuthenticationError):
        client("alpha", "first").ping()


def test_connection_that_is_there_goes_on_when_its_password_is_followed(tell, client):
    tell(acl.commands(CACHE, {"alpha": [FIRST]}, keep=False))
    connection = client("alpha", "first").client()
    before = connection.connection

    tell(acl.commands(CACHE, {"alpha": [FIRST, SECOND]}, keep=False))

    assert connection.ping()
    assert connection.connection is before


def test_nobody_may_do_anything_before_logging_in(tmp_path):
    (tmp_path / "users.acl").write_text(acl.users(CACHE, {}, SECOND))

    with own_server(tmp_path) as client:
        for words in (("PING",), ("GET", "alpha:queue"), ("AUTH", "default", "")):
            with pytest.raises(exceptions.RedisError, match=r"Authentication|WRONGPASS"):
                client(None, None).execute_command(*words)


def test_server_of_somebody_else_keeps_its_users_in_its_own_file():
    assert acl.commands(QUEUE, {}, keep=True) == "ACL SAVE\n"


def test_module_wakes_for_itself_and_hears_all_in_the_queue():
    assert acl.commands(QUEUE, {"alpha": [FIRST]}, keep=False) == (
        f"ACL SETUSER alpha reset resetchannels on #{FIRST} ~alpha:* &alpha:* %W~wake:alpha %R~wake:* "
        "+@all -@admin -@dangerous\n"
    )


def test_file_shuts_everybody_out_but_the_administrator_and_the_modules():
    lines = acl.users(CACHE, {"beta": [], "alpha": [FIRST]}, SECOND).splitlines()

    assert lines == [
        "user default off resetpass ~* &* +@all",
        f"user admin reset on #{SECOND} ~* &* +@all",
        f"user alpha reset resetchannels on #{FIRST} ~alpha:* &alpha:* +@all -@admin -@dangerous",
        "user beta reset off",
    ]


@contextmanager
def own_server(folder):
    """A server with the users of *folder*; how to log in."""
    socket = str(folder / "socket")
    words = ["--port", "0", "--unixsocket", socket, "--dir", str(folder), "--save", ""]
    words += ["--aclfile", str(folder / "users.acl")]
    log = folder / "log"
    with log.open("ab") as told, subprocess.Popen([REDIS_PROGRAM, *words], stdout=told) as server:
        try:
            wait_until(lambda: b"The server is now ready" in log.read_bytes())
            yield lambda user, password: Redis(
                unix_socket_path=socket, username=user, password=password, retry=ONCE
            )
        finally:
            server.kill()
            log.unlink()


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
