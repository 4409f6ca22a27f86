"""A system that no operator looks after says so: in the API server's table, in `status`, in `doctor`.

The cluster has no nodes. The operators that the command line finds are the chart's Deployments, which
are said to run; one operator is a process, and looks at last.
"""

import json
import subprocess

import pytest

from cluster.chart_rights import make_sure_of, rendered
from cluster.command_line import ANSWER_SECONDS, ARKALIA
from cluster.kinds import RBAC
from cluster.kube import MERGE
from cluster.systems import System, off_except
from cluster.waiting import eventually

HOME = "operators"
SELECTOR = "ARKALIA_OPERATOR_SYSTEM_SELECTOR"
VIEWER = "viewer"
MANY_CHANGES = 60
"""Each is worth an Event, and an operator posts 35 at once."""
SEES = [
    {"apiGroups": ["arkalia.io"], "resources": ["arkaliasystems"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
]


@pytest.fixture(scope="module")
def luna(own, own_namespace):
    return System(own, own_namespace, "luna").declare(modules=off_except())


@pytest.fixture(scope="module")
def arkalia(plane, luna):
    """Exit code and JSON of a verb, by default in the hands of somebody who may do everything."""

    person = plane.kubeconfig("person")

    def run(*words, kubeconfig=person):
        where = ("--namespace", luna.namespace, "--kubeconfig", str(kubeconfig), "-o", "json")
        done = subprocess.run(
            [ARKALIA, *words, *where], capture_output=True, text=True, timeout=ANSWER_SECONDS,
            check=False,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def viewer(plane, own, own_namespace):
    """The kubeconfig of somebody who may see systems and Events of the namespace, and nothing else."""
    home = f"/api/v1/namespaces/{own_namespace}/serviceaccounts"
    roles = f"/apis/{RBAC}/namespaces/{own_namespace}"
    named = {"metadata": {"name": VIEWER}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": VIEWER}
    subject = {"kind": "ServiceAccount", "name": VIEWER, "namespace": own_namespace}
    own.http.post(home, json=named).raise_for_status()
    own.http.post(f"{roles}/roles", json=named | {"rules": SEES}).raise_for_status()
    binding = named | {"roleRef": reference, "subjects": [subject]}
    own.http.post(f"{roles}/rolebindings", json=binding).raise_for_status()
    answer = own.http.post(f"{home}/{VIEWER}/token", json={"spec": {"expirationSeconds": 3600}})
    return plane.kubeconfig(VIEWER, answer.json()["status"]["token"])


def deployment(own, watched=(), selector=""):
    """Have the chart's operator in the cluster, with these settings."""
    make_sure_of(own, HOME)
    [found] = [each for each in rendered(HOME, watched) if each["kind"] == "Deployment"]
    [container] = found["spec"]["template"]["spec"]["containers"]
    container["env"] = [each for each in container["env"] if each["name"] != SELECTOR]
    if selector:
        container["env"].append({"name": SELECTOR, "value": selector})
    own.apply(found)


def of_luna(answer):
    _, told = answer
    [system] = told["systems"]
    return system


def until_trouble(arkalia, words):
    def told():
        trouble = of_luna(arkalia("status", "luna"))["unattended"]
        assert trouble, "nothing is said"
        assert words in trouble["message"], trouble
        return trouble

    return eventually(told)


def test_table_and_status_say_that_nobody_has_looked(luna, arkalia):
    assert luna.row()[:2] == ["Unknown", "NotLookedAt"]

    code, _ = answer = arkalia("status", "luna")
    assert code == 1
    assert "none is installed" in of_luna(answer)["unattended"]["message"]


def test_operator_of_other_namespaces_is_named_with_them(own, luna, arkalia):
    deployment(own, watched=("elsewhere",))

    trouble = until_trouble(arkalia, "watches only the namespaces elsewhere")

    assert luna.namespace in trouble["advice"]
    _, told = arkalia("doctor")
    [finding] = [each for each in told["findings"] if each["check"] == "system: luna"]
    assert finding["level"] == "warning"
    assert "watches only the namespaces elsewhere" in finding["message"]


def test_labels_that_are_advised_are_those_that_the_operator_takes(own, luna, arkalia):
    deployment(own, selector="tier=gold,zone!=eu")
    until_trouble(arkalia, "that fit the selector `tier=gold,zone!=eu`")
    deployment(own, selector="tier=gold,zone=eu")
    advice = until_trouble(arkalia, "that fit the selector `tier=gold,zone=eu`")["advice"]

    wanted = advice.partition("luna ")[2].partition(" --overwrite")[0].split()
    own.patch(luna.ref, {"metadata": {"labels": dict(e.split("=") for e in wanted)}}, MERGE)

    told = of_luna(arkalia("status", "luna"))
    assert told["operators"] == [f"{HOME}/{HOME}-arkalia-operator"]
    # Its process is not there, so once it should have looked its log is named.
    assert told["unattended"] is None or "takes it" in told["unattended"]["message"]


def test_user_without_further_rights_is_told_what_is_known(viewer, luna, arkalia):
    def told():
        trouble = of_luna(arkalia("status", "luna", kubeconfig=viewer))["unattended"]
        assert trouble, "it is still new"
        return trouble

    trouble = eventually(told)

    assert "you may not see which operators there are" in trouble["message"]
    assert luna.namespace in trouble["advice"]
    assert "tier=gold" in trouble["advice"]


def test_operator_that_looks_takes_the_place_of_what_the_api_server_says(luna, own_operator):
    ready = luna.ready().conditions()["Ready"]

    assert luna.row()[:2] == ["True", "SystemReady"]
    assert not ready["lastTransitionTime"].startswith("1970")
    assert luna.kube.require(luna.ref)["status"]["observedGeneration"] > 0


def test_system_that_lost_its_labels_is_told_as_left(own, luna, arkalia):
    own.patch(luna.ref, {"metadata": {"labels": {"tier": None}}}, MERGE)

    code, _ = answer = arkalia("status", "luna")

    assert code == 0
    assert "looks after this system any more" in of_luna(answer)["unattended"]["message"]


def test_events_that_the_user_cannot_find_are_told(viewer, arkalia):
    _, told = arkalia("events", "luna", kubeconfig=viewer)

    [missing] = told["leftOut"]
    assert missing["cause"] == "Unreadable"
    assert "Deployment" in missing["message"]


def test_system_that_says_more_than_the_operator_posts_says_so(own, luna, arkalia):
    for number in range(MANY_CHANGES):
        version = f"9.9.{number}" if number % 2 else None
        luna.change(version=version)
        eventually(lambda wanted=str(not version): luna.expect("Accepted", wanted))

    def left_out():
        _, told = arkalia("events", "luna")
        assert "Dropped" in [each["cause"] for each in told["leftOut"]], told["leftOut"]

    eventually(left_out)
