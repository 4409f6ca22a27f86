"""The CRDs on the cluster: established, sound, and those of this checkout."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CRDS = sorted(ROOT.glob("crds/*.yaml"))
HOME = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(params=CRDS, ids=lambda path: path.stem)
def written(request):
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


@pytest.fixture
def installed(kube, written):
    return kube.http.get(f"{HOME}/{written['metadata']['name']}").json()


def test_installed_crd_is_established_and_nothing_is_wrong_with_it(installed):
    conditions = {each["type"]: each["status"] for each in installed["status"]["conditions"]}

    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def test_installed_crd_has_the_schema_of_this_checkout(installed, written):
    (there,), (here,) = installed["spec"]["versions"], written["spec"]["versions"]

    assert there["schema"] == here["schema"]
    assert there["additionalPrinterColumns"] == here["additionalPrinterColumns"]


def test_installed_crd_gives_kubectl_explain_the_bounds_and_defaults(kube):
    document = kube.http.get("/openapi/v3/apis/arkalia.io/v1alpha1").json()
    system = document["components"]["schemas"]["io.arkalia.v1alpha1.ArkaliaSystem"]
    module = system["properties"]["spec"]["properties"]["modules"]["additionalProperties"]

    assert module["properties"]["scaling"]["properties"]["maxReplicas"]["description"] == (
        "Most pods. Default: the module's own. From 1 to 1000."
    )
