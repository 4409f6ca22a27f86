"""What made the schema of a module, and how it is remembered."""

import pytest

from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.schemas import (
    Database,
    Schema,
    is_newer,
    read,
    wanted_schema,
    written,
)
from builders import VERSION, a_module, a_system, modules_with

DATABASE = Database("d-1", "luna-postgresql-1")
MIGRATIONS = {"forward": ["migrate", "forward"], "back": ["migrate", "back"]}


def a_resolved(database=DATABASE, image=None, migrations=MIGRATIONS):
    spec = {"image": {"repository": "alpha"} | (image or {}), "migrations": migrations}
    [module] = resolve(a_system(), modules_with(a_module(**spec))).modules
    return wanted_schema(module, database)


@pytest.mark.parametrize(
    ("one", "other", "newer"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.10.0", "0.9.1", True),
        ("1.0", "0.9.9", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("1.2.0-rc.1", "1.2.0", False),
        ("1.2.0+build.7", "1.2.0", False),
        ("v2", "v1", True),
        ("latest", "v1", False),
    ],
)
def test_versions_compare_number_by_number(one, other, newer):
    assert is_newer(one, other) is newer


def test_what_was_written_is_read_again():
    schema = Schema("0.1.0", "example.com/alpha:0.1.0", "d-1", "digest")

    assert read(written(schema)) == schema


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '{"version": "0.1.0"}'])
def test_what_somebody_else_wrote_is_not_known(text):
    assert read(text) is None


def test_schema_has_the_version_of_the_system_or_of_an_image_with_its_own():
    assert a_resolved().version == VERSION
    assert a_resolved(image={"tag": "7.1"}).version == "7.1"


@pytest.mark.parametrize(
    "changed",
    [
        {"image": {"tag": "7.1"}},
        {"migrations": {"forward": ["other"], "back": ["other"]}},
        {"database": Database("d-2", "luna-postgresql-1")},
    ],
    ids=["image", "command", "database"],
)
def test_schema_is_another_one_when_what_makes_it_is(changed):
    assert a_resolved(**changed).digest != a_resolved().digest


def test_schema_stays_when_its_database_is_provisioned_again():
    assert a_resolved(Database("d-1", "luna-postgresql-2")) == a_resolved()
