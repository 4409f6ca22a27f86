"""Servers that the unit tests of the services need: one of each for a worker, from its first use."""

import logging

import pytest

from data_services import a_postgresql, a_redis, migrate
from unit.arkalia_runtime.authority import Mounts, mount


@pytest.fixture(autouse=True)
def level_of_the_log():
    """A service that runs within a test sets the level for the whole process."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.fixture(scope="session")
def postgresql():
    with a_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis():
    with a_redis() as server:
        yield server


@pytest.fixture
def schema(postgresql):
    """A schema of this test alone."""
    return postgresql.new_schema()


@pytest.fixture
def mounts(tmp_path, schema):
    """The folders of a pod that may use the schema."""
    made = Mounts(tmp_path)
    mount(made.data, postgresql_json=schema.file())
    return made


@pytest.fixture
def moved_mounts(mounts, schema):
    """The same, with the events ground in the schema."""
    migrate(mounts, schema, "forward")
    return mounts
