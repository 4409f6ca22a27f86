"""What the API server itself says to a wrong resource, and that it takes the right ones.

A file of `wrong_resources/` begins with the complaints that it must get, one comment line each.
Nothing is stored: every request is a dry run, strict about unknown fields as kubectl is. A file of
`wrong_changes/` has two states of a resource: the first is stored, for as long as the second is tried.
"""

from pathlib import Path

import pytest
import yaml

from arkalia_generate.released import releases
from arkalia_operator.api.crds import RESOURCES
from cluster.kinds import ACTION, SYSTEM, Ref
from cluster.kube import MERGE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRONG = sorted(HERE.glob("wrong_resources/*.yaml"))
CHANGES = sorted(HERE.glob("wrong_changes/*.yaml"))
RIGHT = sorted(
    [
        *HERE.glob("right_resources/*.yaml"),
        *ROOT.glob("workloads/*/module.yaml"),
        *(releases(ROOT)[-1] / "accepted").glob("*.yaml"),
    ]
)
PLURALS = {resource.kind: resource.plural for resource in RESOURCES}
TRIED_OUT = {"dryRun": "All", "fieldValidation": "Strict"}
KINDS = {each.name: each for each in (SYSTEM, ACTION)}
STRICT = "strict decoding error: "


def name(path):
    return f"{path.parent.name}/{path.stem}"


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def expected_complaints(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("#")]


def complaints(status):
    """What the answer complains about; the remark that CEL had to wait stands on no field."""
    causes = status["details"].get("causes", []) if "details" in status else []
    told = [f"{each['field']}: {each['message']}" for each in causes if each["field"] != "<nil>"]
    _, _, unknown = status["message"].partition(STRICT)
    return told or unknown.replace(", unknown", "\nunknown").splitlines()


@pytest.fixture
def try_out(kube):
    """Send a resource and take the answer; the API server stores nothing."""
    me = user(kube)

    def send(path):
        body = by(me, read(path))
        body["metadata"].pop("namespace", None)
        home = f"/apis/{body['apiVersion']}/namespaces/default/{PLURALS[body['kind']]}"
        return kube.http.post(home, params=TRIED_OUT, json=body)

    return send


def user(kube):
    head = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = kube.http.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=head)
    return answer.json()["status"]["userInfo"]["username"]


def by(me, body):
    """*body*, in which *me* approves: nobody can in another one's name."""
    if "approvedBy" in body.get("spec", {}):
        body["spec"]["approvedBy"] = me
    return body


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_wrong_resource_is_refused_with_the_expected_message(path, try_out):
    answer = try_out(path)

    assert answer.is_client_error
    assert sorted(complaints(answer.json())) == sorted(expected_complaints(path))


@pytest.mark.parametrize("path", CHANGES, ids=name)
def test_wrong_change_is_refused_with_the_expected_message(path, kube, namespace):
    me, states = user(kube), yaml.safe_load_all(path.read_text(encoding="utf-8"))
    stored, changed = [by(me, each) for each in states]
    ref = Ref(KINDS[stored["kind"]], namespace, stored["metadata"]["name"])
    stored["metadata"]["namespace"] = namespace
    kube.create(stored)

    answer = kube.http.patch(
        ref.path,
        params=TRIED_OUT,
        headers={"Content-Type": MERGE},
        json={"spec": changed["spec"]},
    )

    assert answer.is_client_error
    assert sorted(complaints(answer.json())) == sorted(expected_complaints(path))


@pytest.mark.parametrize("path", RIGHT, ids=name)
def test_right_resource_is_accepted_as_it_was_written(path, kube, try_out):
    answer = try_out(path)

    assert answer.is_success, answer.text
    assert answer.json().get("spec") == by(user(kube), read(path)).get("spec")
