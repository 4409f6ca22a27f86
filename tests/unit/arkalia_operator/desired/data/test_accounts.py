"""What accounts become: the file of a module, and the file of users from which a Redis starts."""

import pytest

from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Login, Target, file, users_file
from builders import a_system

LOGIN = Login(slot=1, revision=0, id="l-1", verifier="f00d")
POSTGRESQL = Endpoint("luna-postgresql.arkalia.svc", 5432, "arkalia", "<authority>")
REDIS = Endpoint("luna-redis-queue.arkalia.svc", 6379)


def handed_over(service, endpoint, account):
    return file(a_system(), Target(service, endpoint, ""), account, LOGIN, "secret")


def test_module_is_told_its_database_its_schema_and_the_role_of_its_login():
    assert handed_over(DataService.POSTGRESQL, POSTGRESQL, "taskia") == {
        "host": "luna-postgresql.arkalia.svc",
        "port": 5432,
        "password": "secret",
        "authorities": "<authority>",
        "database": "arkalia",
        "schema": "taskia",
        "user": "luna_taskia_1",
    }


def test_migrations_are_told_the_schema_of_their_module_and_the_role_that_owns_it():
    found = handed_over(DataService.POSTGRESQL, POSTGRESQL, "taskia.migrations")

    assert (found["schema"], found["user"]) == ("taskia", "luna_taskia_migrations")


@pytest.mark.parametrize("service", [DataService.QUEUE, DataService.CACHE])
def test_module_is_told_its_user_and_the_prefix_of_its_keys(service):
    assert handed_over(service, REDIS, "taskia") == {
        "host": "luna-redis-queue.arkalia.svc",
        "port": 6379,
        "password": "secret",
        "authorities": "",
        "user": "taskia",
        "prefix": "taskia:",
    }


def test_builtin_redis_starts_with_its_administrator_and_the_accounts_in_use_alone():
    accounts = {"alpha": (LOGIN,), "beta": (LOGIN,)}

    lines = users_file(DataService.QUEUE, accounts, frozenset({"alpha"}), "cafe").splitlines()

    assert lines[1].startswith("user admin reset on #cafe ")
    assert lines[2].startswith("user alpha reset resetchannels on #f00d ")
    assert lines[3:] == ["user beta reset off"]
