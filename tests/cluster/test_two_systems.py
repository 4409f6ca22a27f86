"""Two systems in one namespace have nothing in common but the namespace."""

import pytest

from cluster.systems import GATEWAY, System, uids

TIMES = 10
"""A Service that leads to both would lead to the right one ten times in a row once in 1024."""


@pytest.fixture(scope="module")
def sol(kube, luna):
    """A second Ready system beside luna."""
    spec = {"environment": "staging", "modules": GATEWAY}
    return System(kube, luna.namespace, "sol").declare(**spec).ready()


def test_systems_share_no_object(luna, sol):
    assert not uids(luna.children()) & uids(sol.children())
    assert not uids(luna.pods()) & uids(sol.pods())


def test_each_service_leads_to_its_own_system_every_time(luna, sol):
    answers = {
        system.name: [system.reach().get("/status").json() for _ in range(TIMES)]
        for system in (luna, sol)
    }

    told = {name: {each["system"] for each in given} for name, given in answers.items()}
    assert told == {"luna": {"luna"}, "sol": {"sol"}}
    assert {each["environment"] for each in answers["sol"]} == {"staging"}


def test_change_and_end_of_one_leaves_the_other_alone(luna, sol, kube, audit):
    before = uids(luna.children()) | uids(luna.pods())
    mark = audit.mark()

    sol.change(logLevel="DEBUG")
    sol.ready()
    kube.delete(sol.ref)

    written = [each for each in audit.since(mark, luna.namespace) if "/" not in each.resource]
    assert [str(each) for each in written if each.name.startswith("luna")] == []
    assert before <= uids(luna.children()) | uids(luna.pods())
