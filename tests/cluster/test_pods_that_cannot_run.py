"""Pods that crash, are not admitted or fit nowhere: status names the cause, and the old ones serve.

What a person must mend is `False`; what the cluster may mend by itself (a node may come) is not.
"""

import pytest

from cluster.happenings import warned
from cluster.systems import GATEWAY, System, uids
from cluster.waiting import eventually

CAUSES = {
    "setting_that_no_service_takes": (
        {"modules": {"helloria": {"config": {"check_timeout_seconds": "soon"}}}},
        {"modules": {"helloria": {"config": None}}},
        ("False", "ContainerCrashes", "exit code 78"),
    ),
    "memory_request_above_the_quota": (
        {"modules": {"helloria": {"resources": {"requests": {"cpu": "50m", "memory": "200Mi"}}}}},
        {"modules": {"helloria": {"resources": None}}},
        ("False", "PodCannotBeCreated", "exceeded quota"),
    ),
    "node_that_does_not_exist": (
        {"placement": {"nodeSelector": {"arkalia.io/story": "nowhere"}}},
        {"placement": None},
        ("Unknown", "PodCannotBeScheduled", "nodes are available"),
    ),
}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system of one pod, in a namespace with room for two of these and no more."""
    system = System(kube, namespace, "luna").declare(modules=GATEWAY).ready()
    kube.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "room", "namespace": namespace},
            "spec": {"hard": {"requests.memory": "250Mi"}},
        }
    )
    return system


@pytest.mark.parametrize(("cause", "cure", "told"), CAUSES.values(), ids=CAUSES.keys())
def test_cause_is_named_old_pods_serve_and_the_cure_heals(luna, cause, cure, told):
    status, reason, words = told
    before = uids(luna.pods())

    luna.change(**cause)

    ready = eventually(lambda: luna.expect("Ready", status, reason))
    assert words in ready["message"]
    if status == "False":
        eventually(lambda: warned(luna, reason))
    assert before <= uids(luna.pods())
    assert luna.reach().get("/health").status_code == 200
    luna.change(**cure)
    luna.ready()
    eventually(lambda: only(luna, before))


def only(system, wanted):
    left = uids(system.pods())
    assert left == wanted, f"{len(left - wanted)} pods of the wrong revision are still there"
