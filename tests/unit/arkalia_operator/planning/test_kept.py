"""A Secret that is made once is made when it is missing, and never made anew."""

from dataclasses import replace

import pytest

from arkalia_operator.desired.kept import WantedKept
from arkalia_operator.planning.kept import (
    KeptSecret,
    MakeKept,
    pending,
    retained,
    steps,
    taken,
)
from arkalia_operator.planning.lineage import Keeping, Retained

KEEPING = Keeping(owned=False, lineage="uid-1")
WANTED = WantedKept("luna-alpha-key", "alpha", {"key": "/etc/arkalia/key/key"})
WHOLE = KeptSecret("luna-alpha-key", "1", "", "uid-1", is_ours=True, keys=frozenset({"key"}))


def todo(found, keeping=KEEPING):
    return steps([WANTED], {found.name: found} if found else {}, keeping)


def test_missing_secret_is_made():
    assert todo(None) == (MakeKept(WANTED, None),)
    assert pending([WANTED], {}) == ("luna-alpha-key",)


def test_whole_secret_is_left_as_it_is():
    more = replace(WHOLE, keys=frozenset({"key", "more"}))

    assert todo(WHOLE) == todo(more) == ()
    assert pending([WANTED], {WHOLE.name: WHOLE}) == ()


@pytest.mark.parametrize(
    "change",
    [{"keys": frozenset()}, {"owner_uid": "uid-1"}, {"lineage": "uid-0"}],
    ids=["emptied", "owned", "of no lineage"],
)
def test_secret_that_is_not_as_it_must_be_is_written_again(change):
    found = replace(WHOLE, **change)

    assert todo(found) == (MakeKept(WANTED, found),)


def test_secret_gets_an_owner_when_it_shall_end_with_the_system():
    assert todo(WHOLE, Keeping(owned=True, lineage="uid-1")) == (MakeKept(WANTED, WHOLE),)


@pytest.mark.parametrize(
    ("change", "permanent"), [({"is_ours": False}, True), ({"is_leaving": True}, False)]
)
def test_secret_of_somebody_else_is_left_alone_and_told(change, permanent):
    found = {WHOLE.name: replace(WHOLE, **change, keys=frozenset())}

    assert steps([WANTED], found, KEEPING) == ()
    assert pending([WANTED], found) == ("luna-alpha-key",)
    assert [each.permanent for each in taken("arkalia", found)] == [permanent]


def test_own_secret_is_in_nobodys_way():
    assert taken("arkalia", {WHOLE.name: WHOLE}) == ()


def test_own_secrets_outlive_the_system():
    stranger = replace(WHOLE, name="other", is_ours=False)

    assert retained({"a": WHOLE, "b": stranger}) == (
        Retained("Secret", "luna-alpha-key", "", "uid-1"),
    )
