"""No field is ignored in silence: what the API server drops, and what has no effect, is told.

What is left of a dropped field depends on the client; `docs/decisions/0026-what-is-ignored-is-told.md`
has the table, and here it is tried.
"""

import json
import subprocess

import pytest
import yaml

from arkalia_operator.api import API_VERSION
from arkalia_operator.api.unknown import LAST_APPLIED
from cluster.development import environment
from cluster.happenings import warned
from cluster.kinds import MODULE, Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually

SECONDS = 30
UNKNOWN = {"loglevel": "DEBUG"}
TOLD = "spec.loglevel (did you mean logLevel?) is in no schema, so the API server dropped it"
DIGESTS = {"digests": {"hellorya": f"sha256:{'0' * 64}"}}


@pytest.fixture(scope="module")
def kubectl(namespace):
    """kubectl in the story's namespace, given a resource; gives what it says."""

    def run(*arguments, given, fails=False):
        done = subprocess.run(
            ["kubectl", "--namespace", namespace, *arguments, "-f", "-"],
            input=yaml.safe_dump(given),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def a_system(name, **spec):
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaSystem",
        "metadata": {"name": name},
        "spec": {"modules": off_except(), **spec},
    }


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, kubectl):
    """A system with a field that is none, applied by a client that does not mind."""
    kubectl("apply", "--validate=false", given=a_system("luna", **UNKNOWN))
    return System(kube, namespace, "luna").ready()


def test_dropped_field_is_told_by_a_condition_and_an_event(luna):
    found = luna.expect("FieldsIgnored", "True", "UnknownField")

    assert TOLD in found["message"]
    assert TOLD in eventually(lambda: warned(luna, "UnknownField"))
    assert "loglevel" not in luna.kube.require(luna.ref)["spec"]


def test_dropped_field_holds_nothing_up(luna):
    luna.expect("Ready", "True", "SystemReady")
    luna.expect("Accepted", "True", "SpecAccepted")


def test_field_without_effect_is_told_beside_it(luna):
    luna.change(images=DIGESTS, monitoring={"serviceMonitors": True})

    found = eventually(lambda: telling(luna, "spec.images.digests.hellorya"), SECONDS)

    assert "the cluster does not serve ServiceMonitor of monitoring.coreos.com/v1" in found
    assert TOLD in found
    luna.change(images=None, monitoring=None)


def telling(system, words):
    message = system.expect("FieldsIgnored", "True")["message"]
    assert words in message, message
    return message


def test_corrected_field_is_no_longer_told(luna, kubectl):
    kubectl("apply", given=a_system("luna", logLevel="DEBUG"))

    eventually(lambda: luna.expect("FieldsIgnored", "False", "EverythingUsed"), SECONDS)


def test_dropped_field_of_a_module_is_told_by_the_system_that_uses_it(luna, kubectl):
    spec = {
        "image": {"repository": "images.example.com/weather"},
        "components": [{"name": "main", "port": 8000, "replicas": 0, "replica": 2}],
    }
    weather = {"apiVersion": API_VERSION, "kind": "ArkaliaModule", "metadata": {"name": "weather"}}
    kubectl("apply", "--validate=warn", given={**weather, "spec": spec})

    luna.change(modules={"weather": {}})

    words = "ArkaliaModule weather: spec.components[0].replica (did you mean replicas?)"
    eventually(lambda: telling(luna, words), SECONDS)
    luna.change(modules={"weather": None})
    luna.kube.delete(Ref(MODULE, luna.namespace, "weather"))


@pytest.mark.parametrize("verb", ["apply", "create"])
def test_kubectl_refuses_such_a_field_by_default(kubectl, verb):
    told = kubectl(verb, given=a_system("strict", **UNKNOWN), fails=True)

    assert 'unknown field "spec.loglevel"' in told


def test_server_side_apply_refuses_such_a_field_whatever_the_validation(kubectl):
    given = a_system("strict", **UNKNOWN)

    told = kubectl("apply", "--server-side", "--validate=false", given=given, fails=True)

    assert ".spec.loglevel: field not declared in schema" in told


def test_create_without_validation_leaves_no_trace_of_such_a_field(kube, namespace, kubectl):
    kubectl("create", "--validate=false", given=a_system("traceless", **UNKNOWN))

    body = kube.require(System(kube, namespace, "traceless").ref)

    assert LAST_APPLIED not in body["metadata"].get("annotations", {})
    assert "loglevel" not in json.dumps(body)


def test_program_that_asks_for_no_validation_is_warned_by_the_api_server(kube, namespace):
    home = f"/apis/{API_VERSION}/namespaces/{namespace}/arkaliasystems"

    answer = kube.http.post(home, params={"dryRun": "All"}, json=a_system("warned", **UNKNOWN))

    assert "unknown field" in answer.headers["Warning"]
    assert "spec.loglevel" in answer.headers["Warning"]
