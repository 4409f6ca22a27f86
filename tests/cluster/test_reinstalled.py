"""The operator is uninstalled and installed again: systems serve on, and it takes them up unchanged."""

import pytest

from arkalia_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT
from cluster.kinds import DEFINITION
from cluster.release import OPERATOR_NAMESPACE
from cluster.systems import uids
from cluster.waiting import eventually

pytestmark = pytest.mark.alone

OF_STATUS = {"arkaliasystems/status", "events"}


def everything(kube, system):
    """Which objects there are: definitions, the system, what was made of it, and its pods."""
    definitions = [each for each in kube.find(DEFINITION) if "arkalia.io" in each["spec"]["group"]]
    return uids([*definitions, kube.require(system.ref), *system.children(), *system.pods()])


def test_systems_serve_without_their_operator_and_a_new_one_takes_them_up(
    kube, operator, audit, luna
):
    before = everything(kube, luna)
    settings = kube.require(luna.child(CONFIG_MAP))

    with operator.uninstalled():
        deployments = kube.find(DEPLOYMENT, OPERATOR_NAMESPACE)
        answered = luna.reach().get("/health").status_code
        left = everything(kube, luna)
        kube.delete(luna.child(CONFIG_MAP))
        mark = audit.mark()

    eventually(lambda: kube.require(luna.child(CONFIG_MAP)))
    luna.ready()
    written = {each.resource for each in audit.since(mark, luna.namespace)}
    assert deployments == []
    assert answered == 200
    assert left == before
    assert before - {settings["metadata"]["uid"]} <= everything(kube, luna)
    assert written - OF_STATUS == {"configmaps"}
