"""The command line works with the rights of whoever calls it: here those of the role `view` alone."""

import json
import subprocess
import tarfile

import pytest

from cluster.command_line import ARKALIA
from cluster.development import environment
from cluster.talkers import token
from cluster.test_command_line import cluster_of

VIEWER = "viewer"
API_SERVER = "https://kubernetes.default.svc.cluster.local"
ANSWER_SECONDS = 120


@pytest.fixture(scope="module")
def kubeconfig(kube, namespace, tmp_path_factory):
    """The kubeconfig of somebody who may view the namespace, and nothing else."""
    account = {"metadata": {"name": VIEWER}}
    kube.http.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", json=account)
    binding = {
        "metadata": {"name": VIEWER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": VIEWER, "namespace": namespace}],
    }
    home = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
    kube.http.post(home, json=binding).raise_for_status()
    return written(token(kube, f"{namespace}/{VIEWER}", API_SERVER), tmp_path_factory)


def written(bearer, tmp_path_factory):
    path = tmp_path_factory.mktemp("viewer") / "config"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "x", "cluster": cluster_of(environment()["KUBECONFIG"])}],
        "users": [{"name": "x", "user": {"token": bearer}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }))  # fmt: skip
    return path


@pytest.fixture
def run(kubeconfig, luna):
    """Exit code, standard output and standard error of the command line in the viewer's hands."""

    def call(*arguments):
        where = ("--namespace", luna.namespace, "--kubeconfig", str(kubeconfig))
        answer = subprocess.run(
            [ARKALIA, *arguments, *where], env=environment(), capture_output=True, text=True,
            timeout=ANSWER_SECONDS, check=False,
        )  # fmt: skip
        return answer.returncode, answer.stdout, answer.stderr

    return call


@pytest.mark.parametrize("verb", ["status", "events", "logs"])
def test_viewer_sees_the_system(run, verb):
    code, out, err = run(verb, "luna")

    assert (code, err) == (0, "")
    assert out


def test_viewer_gets_a_report_that_names_what_it_lacks(run, tmp_path):
    path = tmp_path / "luna.tar.gz"

    code, out, err = run("report", "luna", "--file", str(path))

    with tarfile.open(path) as archive:
        held = {each.name.partition("/")[2] for each in archive.getmembers()}
    assert code == 0, err
    assert {"status.json", "events.json", "doctor.json"} <= held
    assert any(each.startswith("logs/helloria/") for each in held)
    assert "Left out: operator: " in out


def test_viewer_may_open_nothing_and_is_told_what_to_ask_for(run):
    code, _, err = run("open", "luna")

    assert (code, "Traceback" in err) == (5, False)
    assert "portforward" in err


def test_doctor_tells_the_viewer_what_it_may_not_and_what_it_cannot_know(run):
    code, out, err = run("doctor", "--output", "json")

    found = {each["check"]: each for each in json.loads(out)["findings"]}
    assert code == 0, err
    assert found["you: status"]["level"] == found["you: logs"]["level"] == "good"
    assert found["you: open"]["level"] == found["you: change systems"]["level"] == "warning"
    assert "edit" in found["you: open"]["advice"]
    assert found["operator"]["level"] == "unknown"
