"""What the API server itself says to a wrong resource, and that it takes the right ones.

A file of `wrong_resources/` begins with the complaints that it must get, one comment line each.
Nothing is stored: every request is a dry run, strict about unknown fields as kubectl is.
"""

import json
import os
from pathlib import Path

import pytest
import yaml
from kubernetes import client, config

pytestmark = pytest.mark.cluster

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRONG = sorted(HERE.glob("wrong_resources/*.yaml"))
RIGHT = sorted(
    [
        *HERE.glob("right_resources/*.yaml"),
        *ROOT.glob("docs/examples/*/system.yaml"),
        *ROOT.glob("docs/examples/*/module.yaml"),
        *ROOT.glob("workloads/*/module.yaml"),
    ]
)
PLURALS = {"ArkaliaSystem": "arkaliasystems", "ArkaliaModule": "arkaliamodules"}
ANSWER_SECONDS = 30
STRICT = "strict decoding error: "


def name(path):
    return f"{path.parent.name}/{path.stem}"


def expected_complaints(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("#")]


def complaints(status):
    """What the answer complains about; the remark that CEL had to wait stands on no field."""
    causes = status.get("details", {}).get("causes", [])
    told = [f"{each['field']}: {each['message']}" for each in causes if each["field"] != "<nil>"]
    _, _, unknown = status["message"].partition(STRICT)
    return told or unknown.replace(", unknown", "\nunknown").splitlines()


@pytest.fixture(scope="module")
def custom_objects():
    settings = client.Configuration()
    config.load_kube_config(os.environ["KUBECONFIG"], client_configuration=settings)
    settings.proxy = None
    with client.ApiClient(settings) as connection:
        yield client.CustomObjectsApi(connection)


@pytest.fixture
def try_out(custom_objects):
    """Send a resource and take the answer; the API server stores nothing."""

    def send(path):
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        body["metadata"].pop("namespace", None)
        group, version = body["apiVersion"].split("/")
        return custom_objects.create_namespaced_custom_object(
            group,
            version,
            "default",
            PLURALS[body["kind"]],
            body,
            dry_run="All",
            field_validation="Strict",
            _request_timeout=ANSWER_SECONDS,
        )

    return send


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_wrong_resource_is_refused_with_the_expected_message(path, try_out):
    with pytest.raises(client.ApiException) as refusal:
        try_out(path)

    assert sorted(complaints(json.loads(refusal.value.body))) == sorted(expected_complaints(path))


@pytest.mark.parametrize("path", RIGHT, ids=name)
def test_right_resource_is_accepted_as_it_was_written(path, try_out):
    written = yaml.safe_load(path.read_text(encoding="utf-8"))

    accepted = try_out(path)

    assert accepted.get("spec") == written.get("spec")
