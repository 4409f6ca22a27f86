"""Data is taken over as a whole that belongs together, or not at all."""

import pytest

from arkalia_operator.planning.lineage import Lineage, Retained, lineage

SECRET = Retained("Secret", "luna-postgresql", "", "uid-0")
CLAIM = Retained(
    "PersistentVolumeClaim", "luna-postgresql", "", "uid-0", needs_secret="luna-postgresql"
)
AUTHORITY = Retained("Secret", "luna-authority", "", "uid-0")


def with_lineage(retained, mark):
    return Retained(retained.kind, retained.name, "", mark, retained.needs_secret)


def owned(retained, uid):
    return Retained(retained.kind, retained.name, uid, retained.lineage, retained.needs_secret)


def problem(*found):
    return lineage("uid-1", found).problem


def test_new_system_begins_a_lineage():
    assert lineage("uid-1", []) == Lineage("uid-1")


def test_new_system_takes_over_what_belongs_together():
    assert lineage("uid-1", [SECRET, CLAIM, AUTHORITY]) == Lineage("uid-0")


def test_object_without_a_lineage_follows_the_others():
    assert lineage("uid-1", [with_lineage(AUTHORITY, ""), SECRET]) == Lineage("uid-0")


def test_authority_alone_is_taken_over():
    assert lineage("uid-1", [AUTHORITY]) == Lineage("uid-0")


def test_volume_without_its_secret_is_refused():
    found = problem(CLAIM, AUTHORITY)

    assert (found.reason, found.doomed) == ("LineageMismatch", True)
    assert "PersistentVolumeClaim luna-postgresql holds data" in found.message
    assert "restore the Secret from a backup" in found.message


@pytest.mark.parametrize("other", [SECRET, CLAIM, AUTHORITY])
def test_what_does_not_belong_together_is_refused(other):
    kept = [each for each in (SECRET, CLAIM, AUTHORITY) if each is not other]

    found = problem(*kept, with_lineage(other, "uid-9"))

    assert (found.reason, found.doomed) == ("LineageMismatch", True)
    assert f"{other} of lineage uid-9" in found.message


def test_own_data_is_no_problem():
    assert problem(owned(SECRET, "uid-1"), owned(CLAIM, "uid-1")) is None


def test_data_that_goes_with_an_earlier_system_is_waited_for():
    found = problem(owned(SECRET, "uid-0"), CLAIM)

    assert (found.reason, found.doomed) == ("Provisioning", False)
    assert "is being deleted" in found.message


def test_secret_of_somebody_else_is_left_alone():
    found = problem(Retained("Secret", "luna-postgresql", "", "", is_ours=False))

    assert (found.reason, found.doomed) == ("LineageMismatch", True)
    assert "does not belong to this system" in found.message
