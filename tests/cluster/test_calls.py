"""Modules call each other with tokens that the cluster gave them; all other calls are refused."""

import pytest

from arkalia_contract import endpoints, identity
from cluster.kinds import Ref
from cluster.systems import GATEWAY, System
from cluster.talkers import talker, token
from cluster.visitors import image_of
from cluster.waiting import eventually


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system in which `asker` may ask `keeper` for its states, and nobody may ask `asker`."""
    system = System(kube, namespace, "luna").declare(modules=GATEWAY).ready()
    image = image_of(kube, namespace)
    calls = [{"module": "keeper", "paths": ["/states/*"]}]
    kube.apply(talker("asker", namespace, image, public=True, calls=calls))
    kube.apply(talker("keeper", namespace, image, public=False))
    system.change(modules={"asker": {}, "keeper": {}})
    return system.ready()


@pytest.fixture(scope="module")
def asker(luna):
    """The Service of the module that may ask."""
    return luna.reach("asker")


@pytest.fixture(scope="module")
def keeper(luna):
    """The Service of the module that may be asked."""
    return luna.reach("keeper")


@pytest.fixture(scope="module")
def show(kube, luna, keeper):
    """`show(account, callee, bound)`: keeper's answer to a token of *account* for *callee*."""
    pods = luna.pods("asker")

    def shown(account, callee="keeper", *, system="luna", bound=True):
        audience = identity.audience(luna.namespace, system, callee)
        pod = pods[0] if bound else None
        given = token(kube, f"{luna.namespace}/{account}", audience, pod)
        return keeper.get("/states/1", Authorization=f"{identity.BEARER} {given}")

    return shown


def test_listed_call_is_answered_to_the_module_that_the_token_names(asker):
    status, caller = eventually(lambda: answered(asker, "/ask/keeper/states/1"))

    assert (status, caller) == (200, "asker")


def test_path_that_is_not_listed_is_refused(asker):
    status, problem = answered(asker, "/ask/keeper/private")

    assert (status, problem["reason"]) == (403, "path")


def test_module_that_lists_no_call_can_ask_nobody(asker):
    answer = asker.get("/ask/helloria/status")

    assert answer.status_code == 502
    assert answer.json()["callee"] == "helloria"


def test_everybody_may_probe_and_scrape(keeper):
    paths = [endpoints.HEALTH_READY, endpoints.METRICS, endpoints.STATUS]

    assert [keeper.get(path).status_code for path in paths] == [200] * 3


def test_request_without_a_token_is_refused(keeper):
    answer = keeper.get("/states/1")

    assert (answer.status_code, answer.json()["reason"]) == (401, "missing")


def test_token_that_the_cluster_gave_to_the_caller_is_good(show):
    assert show("luna-asker").json() == "asker"


def test_token_for_another_module_is_refused(show):
    answer = show("luna-asker", "helloria")

    assert (answer.status_code, answer.json()["reason"]) == (401, "audience")


def test_token_for_another_system_is_refused(show):
    answer = show("luna-asker", system="sol")

    assert (answer.status_code, answer.json()["reason"]) == (401, "audience")


def test_token_that_is_bound_to_no_pod_is_refused(show):
    answer = show("luna-asker", bound=False)

    assert (answer.status_code, answer.json()["reason"]) == (401, "claims")


def test_refusals_are_counted_by_their_reason(show, keeper):
    show("luna-asker", "helloria")

    assert 'arkalia_requests_refused_total{reason="audience"}' in keeper.get("/metrics").text


def test_token_lies_in_the_pod_for_each_module_that_is_called_and_no_other(luna, kube):
    pod = kube.require(Ref.of(luna.pods("asker")[0]))
    sources = [
        source["serviceAccountToken"]["audience"]
        for volume in pod["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    ]

    assert sources == [identity.audience(luna.namespace, "luna", "keeper")]


def answered(service, path):
    answer = service.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()
