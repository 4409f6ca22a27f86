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


@pytest.mark.parametrize(
    ("kind", "short_name"), [("ArkaliaSystem", "ark"), ("ArkaliaModule", "arkmod")]
)
def test_kind_has_its_short_name_and_the_category_of_all(kube, kind, short_name):
    served = kube.http.get("/apis/arkalia.io/v1alpha1").json()["resources"]

    [found] = [each for each in served if each["kind"] == kind and "/" not in each["name"]]

    assert found["shortNames"] == [short_name]
    assert found["categories"] == ["arkalia"]


@pytest.mark.parametrize(
    ("plural", "columns", "wide"),
    [
        ("arkaliasystems", ["Name", "Ready", "Modules", "Version", "Reason", "Age"], ["Message"]),
        ("arkaliamodules", ["Name", "Image", "Public", "Age"], []),
    ],
)
def test_columns_answer_how_it_is_and_why(kube, plural, columns, wide):
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    table = kube.http.get(f"/apis/arkalia.io/v1alpha1/{plural}", headers=accept).json()

    shown = {each["name"]: each["priority"] for each in table["columnDefinitions"]}

    assert [name for name, priority in shown.items() if priority == 0] == columns
    assert [name for name, priority in shown.items() if priority] == wide


def test_keyed_lists_of_a_status_are_maps(kube):
    document = kube.http.get("/openapi/v3/apis/arkalia.io/v1alpha1").json()
    system = document["components"]["schemas"]["io.arkalia.v1alpha1.ArkaliaSystem"]
    status = system["properties"]["status"]["properties"]

    keys = {name: status[name]["x-kubernetes-list-map-keys"] for name in ("conditions", "modules")}

    assert keys == {"conditions": ["type"], "modules": ["name"]}
