"""The operator is restarted and upgraded while systems run: they do not notice."""

import pytest

from cluster.foreigners import at_work
from cluster.kinds import EVENT, NAMESPACE, SYSTEM, Ref
from cluster.systems import System, uids
from cluster.waiting import eventually

pytestmark = pytest.mark.alone

RECONCILES = 'controller_runtime_reconcile_total{controller="arkaliasystem"'
DONE = ('result="success"', 'result="requeue_after"')
"""A system whose certificates are looked at again later is done for now."""


@pytest.fixture
def quiet(kube, luna):
    """Nothing is changing any more in any namespace that lives: nobody has a reason to write."""
    eventually(lambda: calm(kube))


def calm(kube):
    """Raises AssertionError while a system is being worked on."""
    ended = ending(kube)
    for body in kube.find(SYSTEM):
        metadata = body["metadata"]
        conditions = System(kube, metadata["namespace"], metadata["name"]).conditions()
        settled = conditions.get("Reconciling", {}).get("status") == "False"
        assert settled or metadata["namespace"] in ended, f"{metadata} is being worked on"


def ending(kube):
    """Namespaces of former stories that still go away; whatever is written there is refused."""
    phases = {each["metadata"]["name"]: each["status"]["phase"] for each in kube.find(NAMESPACE)}
    return {name for name, phase in phases.items() if phase == "Terminating"}


def events(kube):
    """How often something was announced about systems in namespaces that live."""
    about = [each for each in kube.find(EVENT) if each["involvedObject"]["kind"] == "ArkaliaSystem"]
    ended = ending(kube)
    living = [each for each in about if each["metadata"]["namespace"] not in ended]
    return sum((each.get("series") or each).get("count") or 1 for each in living)


def worked_off(kube, operator):
    """Raises AssertionError until the pod that leads has reconciled every system once."""
    pod = Ref.of(operator.pod())
    told = kube.http.get(f"{pod.path}:8080/proxy/metrics").text
    lines = [line for line in told.splitlines() if line.startswith(RECONCILES)]
    count = sum(float(line.split()[-1]) for line in lines if any(word in line for word in DONE))
    wanted = len(kube.find(SYSTEM))
    assert count >= wanted, f"{count:g} of {wanted} systems reconciled since the start"


def test_restarted_operator_writes_nothing_while_others_work_on_the_objects(
    kube, operator, audit, luna, quiet
):
    ended, announced, mark = ending(kube), events(kube), audit.mark()

    with at_work(kube, luna) as work:
        operator.restart()
        eventually(lambda: worked_off(kube, operator))
        eventually(work.by_everybody)

    assert [str(each) for each in audit.since(mark) if each.namespace not in ended] == []
    assert events(kube) == announced


def test_upgraded_operator_leaves_every_system_as_it_is(kube, operator, audit, luna, quiet):
    pod = operator.pod()["metadata"]["uid"]
    before = uids(luna.pods()) | uids(luna.children())
    since = luna.expect("Ready", "True")["lastTransitionTime"]
    ended, mark = ending(kube), audit.mark()

    operator.upgrade(logLevel="DEBUG")
    upgraded = operator.pod()["metadata"]["uid"]
    eventually(lambda: worked_off(kube, operator))
    operator.upgrade(logLevel="INFO")

    eventually(lambda: worked_off(kube, operator))
    assert upgraded != pod
    assert [str(each) for each in audit.since(mark) if each.namespace not in ended] == []
    assert before <= uids(luna.pods()) | uids(luna.children())
    assert luna.expect("Ready", "True")["lastTransitionTime"] == since
    assert luna.reach().get("/health").status_code == 200
