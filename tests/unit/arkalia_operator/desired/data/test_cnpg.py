"""What CloudNativePG's own admission refuses beyond its CRD, and that it is not asked for."""

from arkalia_operator.desired import desired_state
from arkalia_operator.desired.quantities import amount
from builders import a_module, a_system, an_access, modules_with


def test_default_request_holds_the_default_shared_buffers():
    system = a_system(data={"postgresql": {"mode": "cnpg"}})
    modules = modules_with(a_module(needs={"postgresql": True}))

    found = desired_state(system, modules, access=an_access()).manifests

    [spec] = [each["spec"] for each in found if each["kind"] == "Cluster"]
    buffers = spec["postgresql"]["parameters"]["shared_buffers"].replace("MB", "Mi")
    assert amount(spec["resources"]["requests"]["memory"]) >= amount(buffers)
