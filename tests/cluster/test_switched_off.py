"""A module that is switched off is gone; switched on again it is back."""

from arkalia_operator.desired import kinds
from cluster.systems import CHILD_KINDS, uids
from cluster.waiting import eventually


def test_module_is_gone_when_it_is_switched_off_and_back_when_switched_on(luna, kube):
    before = uids(luna.of_modules())

    luna.change(modules={"helloria": {"enabled": False}})
    luna.ready()
    eventually(lambda: nothing(luna, kube))
    without = kube.require(luna.ref)["status"]
    luna.change(modules={"helloria": {"enabled": True}})
    luna.ready()

    assert "helloria" not in {each["name"] for each in without.get("modules", [])}
    assert not uids(luna.of_modules()) & before
    assert luna.reach().get("/health").status_code == 200


def nothing(system, kube):
    left = [child["kind"] for child in system.of_modules(*CHILD_KINDS, kinds.POD)]
    assert not left, f"still there: {left}"
