from dataclasses import replace

from arkalia_operator.cluster.losses import Losses
from arkalia_operator.planning.observed import ChildRecord, ObjectKey

SERVICE = ObjectKey("Service", "ns", "luna-helloria")
ACCOUNT = ObjectKey("ServiceAccount", "ns", "luna-helloria")


def a_record(key=SERVICE, owner_uid="s1", uid="u1"):
    return ChildRecord(key, uid, "1", 1, owner_uid, fingerprint=b"")


def test_another_object_of_the_same_system_makes_up_for_a_loss():
    losses = Losses()
    losses.note(a_record())

    loss = losses.of(SERVICE)

    assert loss.replaced_by(a_record(uid="u2"))
    assert not loss.replaced_by(a_record())
    assert not loss.replaced_by(a_record(uid="u2", owner_uid="s2"))


def test_what_no_system_owns_is_no_loss():
    losses = Losses()

    losses.note(a_record(owner_uid=""))

    assert losses.of(SERVICE) is None


def test_what_is_back_is_no_loss_any_more():
    losses = Losses()
    losses.note(a_record())

    losses.forget(SERVICE)
    losses.forget(SERVICE)

    assert losses.of(SERVICE) is None


def test_only_what_its_own_system_still_wants_is_missed():
    losses = Losses()
    losses.note(a_record())
    losses.note(a_record(ACCOUNT))

    losses.keep("s2", set())
    losses.keep("s1", {ACCOUNT})

    assert losses.of(SERVICE) is None
    assert losses.of(ACCOUNT) is not None


def test_the_oldest_losses_are_forgotten_first():
    losses = Losses(limit=3)
    names = [replace(SERVICE, name=str(number)) for number in range(5)]

    for each in (names[0], names[1], names[2], names[0], names[3], names[4]):
        losses.note(a_record(each))

    assert len(losses) == 3
    assert [each.name for each in names if losses.of(each)] == ["0", "3", "4"]
