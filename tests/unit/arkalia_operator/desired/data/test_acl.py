"""Who may do what in Redis, asked of a real one.

Its version 6 does not know the rights of the queue, which tell reading from writing: the stories in
a cluster ask a Redis 7 about these.
"""

from functools import partial

import pytest
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from arkalia_operator.cluster.passwords import sha256
from arkalia_operator.desired.data import acl
from arkalia_operator.desired.data.access import DataService
from data_services import a_redis

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
    return partial(logged_in, redis)


def logged_in(server, user, password):
    socket = str(server.folder / "socket")
    return Redis(unix_socket_path=socket, username=user, password=password, retry=ONCE)


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

    with a_redis("--aclfile", str(tmp_path / "users.acl")) as server:
        for words in (("PING",), ("GET", "alpha:queue"), ("AUTH", "default", "")):
            with pytest.raises(exceptions.RedisError, match=r"Authentication|WRONGPASS"):
                logged_in(server, None, None).execute_command(*words)


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
