"""The files that lead to the data services: what is read of them, and what is said of a wrong one."""

import json

import pytest

from arkalia_contract import data, files
from arkalia_runtime import access
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError
from unit.arkalia_runtime.authority import Mounts, mount

GIVEN = {
    "host": "db",
    "port": 5432,
    "database": "arkalia",
    "schema": "zeroia",
    "user": "luna_zeroia_1",
    "password": "so-secret",
    "authorities": "",
}


@pytest.fixture
def mounts(tmp_path):
    return Mounts(tmp_path)


@pytest.fixture
def settings(mounts):
    return ServiceSettings(**mounts.settings)


def test_forms_of_the_contract_are_those_that_are_read():
    assert set(data.PostgresqlAccess.__annotations__) == set(GIVEN)
    assert set(data.PostgresqlAccess.__annotations__) == set(
        access.PostgresqlAccess.__dataclass_fields__
    )
    assert set(data.RedisAccess.__annotations__) == set(access.RedisAccess.__dataclass_fields__)


def test_newest_login_is_read(mounts, settings):
    watched = access.postgresql(settings)
    mount(mounts.data, postgresql_json=json.dumps(GIVEN))
    assert watched.current().user == "luna_zeroia_1"
    mount(mounts.data, postgresql_json=json.dumps(GIVEN | {"user": "luna_zeroia_2"}))

    assert watched.current().user == "luna_zeroia_2"


def test_password_is_not_shown(mounts, settings):
    mount(mounts.data, postgresql_json=json.dumps(GIVEN))

    assert "so-secret" not in repr(access.postgresql(settings).current())


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", json.dumps({**GIVEN, "port": "x"}), json.dumps({"password": "so-secret"})],
)
def test_wrong_file_is_named_without_its_content(mounts, settings, content):
    mount(mounts.data, postgresql_json=content)

    with pytest.raises(UnreadableError, match=r"postgresql\.json cannot be used") as wrong:
        access.postgresql(settings).current()

    assert "so-secret" not in str(wrong.value)


def test_authorities_of_a_file_of_its_own_are_kept_apart(mounts, settings, monkeypatch, tmp_path):
    monkeypatch.setattr("arkalia_runtime.access.gettempdir", lambda: str(tmp_path))
    system = access.PostgresqlAccess(**GIVEN)
    first = access.PostgresqlAccess(**GIVEN | {"authorities": "one"})
    second = access.PostgresqlAccess(**GIVEN | {"authorities": "another"})

    assert access.authorities(settings, system) == mounts.trust / files.AUTHORITY_KEY
    paths = [access.authorities(settings, each) for each in (first, second, first)]
    assert [path.read_text() for path in paths] == ["one", "another", "one"]
    assert len(list(tmp_path.glob("*.pem"))) == 2
