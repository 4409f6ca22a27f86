"""An image that cannot be pulled is told as what it is, costs no service, and heals when corrected.

The registry is this node itself, where none listens: the answer is quick and goes nowhere else.
"""

import pytest

from cluster.kinds import EVENT
from cluster.systems import GATEWAY, System, uids
from cluster.waiting import eventually

WRONG = {
    "registry": {"registry": "localhost:1/nowhere"},
    "digest": {"digests": {"helloria": f"sha256:{'0' * 64}"}},
}
CORRECTED = {"registry": None, "digests": None}


@pytest.fixture(scope="module", params=WRONG.values(), ids=WRONG.keys())
def luna(request, kube, operator, namespace):
    """A system that ran, after its spec was given a wrong image."""
    name = "wrong-" + next(iter(request.param))
    system = System(kube, namespace, name).declare(modules=GATEWAY).ready()
    before = uids(system.pods())
    system.change(images=request.param)
    eventually(lambda: system.expect("Ready", "False", "ImageCannotBePulled"))
    return system, before


NAMED = {"wrong-registry": "localhost:1/nowhere", "wrong-digests": "helloria"}
"""By system: a wrong registry is told of the first image that is pulled from it."""


def test_ready_is_false_and_the_message_names_the_image(luna):
    system, _ = luna

    ready = system.expect("Ready", "False", "ImageCannotBePulled")

    assert NAMED[system.name] in ready["message"]


def test_stalled_says_that_it_does_not_mend_itself(luna):
    system, _ = luna

    system.expect("Stalled", "True", "ImageCannotBePulled")
    system.expect("Reconciling", "False")


def test_event_warns_of_the_image(luna, kube):
    system, _ = luna

    def warned():
        about = [
            each
            for each in kube.find(EVENT, system.namespace)
            if each["involvedObject"]["name"] == system.name
        ]
        kinds = {(each["type"], each["reason"]) for each in about}
        assert ("Warning", "ImageCannotBePulled") in kinds, f"events are {kinds}"

    eventually(warned)


def test_old_pods_go_on_serving(luna):
    system, before = luna

    assert before <= uids(system.pods())
    assert system.reach().get("/health").status_code == 200


def test_system_is_ready_with_its_old_pods_when_the_image_is_corrected(luna):
    system, before = luna

    system.change(images=CORRECTED)

    system.ready()
    system.expect("Stalled", "False")
    eventually(lambda: only(system, before))


def only(system, wanted):
    assert uids(system.pods()) == wanted, "a pod with the wrong image is still there"
