"""What is offered beside the chart fits the kinds it is written for, and the chart itself.

The kinds are read from the modules of Argo CD and Flux (dev/versions.toml). Neither runs here: that
waves and dependencies are kept is theirs; what is tested is that nothing they would refuse is written.
"""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

import kubernetes_schemas
from arkalia_generate import install
from arkalia_operator.api.resources import ArkaliaSystem

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"
INSTALL = MANIFESTS / "install"
VERSION = yaml.safe_load((ROOT / "charts/arkalia/Chart.yaml").read_text("utf-8"))["version"]
CHARTS = "ghcr.io/arkalia-luna-system/charts"
PATCHES = {"health-checks.yaml", "argocd-cm.yaml"}
"""Files that only add to an object of the user's."""
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
FILES = [
    *sorted(MANIFESTS.glob("argocd/*.yaml")),
    *(path for path in sorted(MANIFESTS.glob("flux/*.yaml")) if path.name not in PATCHES),
    *(
        path
        for path in sorted(MANIFESTS.glob("gitops/**/*.yaml"))
        if "kustomization" not in path.name
    ),
    INSTALL / "arkalia.yaml",
    INSTALL / "monitoring/monitoring.yaml",
]


def name(path):
    return str(path.relative_to(MANIFESTS))


def documents(path):
    found = yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return [each for each in found if each]


def of_kind(kind, *paths):
    return [each for path in paths for each in documents(path) if each["kind"] == kind]


APPLICATION = of_kind("Application", MANIFESTS / "argocd/application.yaml")[0]["spec"]
SET = of_kind("ApplicationSet", MANIFESTS / "argocd/applicationset.yaml")[0]["spec"]
RELEASES = {
    each["metadata"]["name"]: each["spec"]
    for each in of_kind("HelmRelease", MANIFESTS / "flux/operator.yaml")
}
REPOSITORIES = of_kind("OCIRepository", MANIFESTS / "flux/operator.yaml")
OF_ARGO = {"Application": APPLICATION, "ApplicationSet": SET["template"]["spec"]}


def charts_of(application):
    """The sources that are charts, by their name."""
    return {each["chart"]: each for each in application["sources"] if "chart" in each}


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    kinds = {each["kind"] for path in FILES for each in documents(path)}
    return kubernetes_schemas.write(tmp_path_factory.mktemp("schemas"), kinds)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_manifest_fits_the_schemas_of_its_kinds(path, schemas):
    answer = subprocess.run(
        ["kubeconform", "-strict", "-schema-location", schemas, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(("chart", "values"), [
    *((source["chart"], source["helm"]["valuesObject"])
      for each in OF_ARGO.values() for source in charts_of(each).values()),
    *((chart, release.get("values", {})) for chart, release in RELEASES.items()),
])  # fmt: skip
def test_chart_takes_the_values_that_a_tool_gives_it(chart, values):
    answer = subprocess.run(
        ["helm", "template", "arkalia", str(ROOT / "charts" / chart), "--values", "-"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("application", OF_ARGO.values(), ids=OF_ARGO)
def test_definitions_come_before_the_operator_and_systems_after_it(application):
    charts = charts_of(application)
    definitions = charts["arkalia-crds"]["helm"]["valuesObject"]["annotations"]
    [system] = of_kind("ArkaliaSystem", MANIFESTS / "gitops/systems/luna.yaml")

    assert charts["arkalia"]["helm"]["valuesObject"]["crds"] == {"enabled": False}
    assert int(definitions[WAVE]) < 0 < int(system["metadata"]["annotations"][WAVE])


@pytest.mark.parametrize("application", OF_ARGO.values(), ids=OF_ARGO)
def test_definitions_outlive_their_application(application):
    annotations = charts_of(application)["arkalia-crds"]["helm"]["valuesObject"]["annotations"]

    assert annotations[OPTIONS] == "Prune=false,Delete=false"


@pytest.mark.parametrize("application", OF_ARGO.values(), ids=OF_ARGO)
def test_argo_applies_on_the_server_and_never_replaces(application):
    options = application["syncPolicy"]["syncOptions"]

    assert "ServerSideApply=true" in options
    assert not [option for option in options if option.startswith("Replace")]


@pytest.mark.parametrize("application", OF_ARGO.values(), ids=OF_ARGO)
def test_argo_installs_the_charts_of_this_version_from_where_they_are_published(application):
    charts = charts_of(application)

    assert {each["targetRevision"] for each in charts.values()} == {VERSION}
    assert {each["repoURL"] for each in charts.values()} == {CHARTS}


def test_flux_installs_the_charts_of_this_version_from_where_they_are_published():
    urls = {each["spec"]["url"]: each["spec"]["ref"] for each in REPOSITORIES}

    assert urls == {f"oci://{CHARTS}/{chart}": {"tag": VERSION} for chart in RELEASES}


def test_flux_installs_the_definitions_first_and_lets_the_operator_be_tested():
    assert RELEASES["arkalia"]["dependsOn"] == [{"name": "arkalia-crds"}]
    assert RELEASES["arkalia"]["test"] == {"enable": True}


def test_flux_takes_only_what_the_release_workflow_signed():
    identities = [each["spec"]["verify"]["matchOIDCIdentity"] for each in REPOSITORIES]

    assert len(identities) == 2
    for [identity] in identities:
        assert r"/\.github/workflows/release\.yml@refs/tags/v" in identity["subject"]
    assert (ROOT / ".github/workflows/release.yml").is_file()


def test_flux_waits_for_systems_after_the_operator():
    parts = {
        each["metadata"]["name"]: each["spec"]
        for each in of_kind("Kustomization", MANIFESTS / "flux/systems.yaml")
    }

    [check] = parts["arkalia-systems"]["healthCheckExprs"]
    assert parts["arkalia-systems"]["dependsOn"] == [{"name": "arkalia-operator"}]
    assert parts["arkalia-systems"]["wait"]
    assert (check["apiVersion"], check["kind"]) == ("arkalia.io/v1alpha1", "ArkaliaSystem")


def test_system_of_the_folder_is_one_that_the_operator_reads():
    [system] = of_kind("ArkaliaSystem", MANIFESTS / "gitops/systems/luna.yaml")

    known = system | {"metadata": system["metadata"] | {"uid": "", "generation": 1}}
    assert ArkaliaSystem.from_body(known).name == "luna"


def test_manifests_are_what_the_chart_renders():
    assert install.generated_files(ROOT).differing(ROOT) == []


def test_definitions_and_the_namespace_come_first_in_the_manifest():
    kinds = [each["kind"] for each in documents(INSTALL / "arkalia.yaml")]

    definitions = len([kind for kind in kinds if kind == "CustomResourceDefinition"])
    assert kinds[: 1 + definitions] == ["Namespace", *["CustomResourceDefinition"] * definitions]
    assert definitions == len(list((ROOT / "crds").glob("*.yaml")))


@pytest.mark.parametrize("path", sorted(INSTALL.glob("**/*.yaml")), ids=name)
def test_nothing_of_helm_is_left_for_those_who_do_not_use_it(path):
    assert "helm.sh/" not in path.read_text("utf-8")
    assert "managed-by: Helm" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", sorted(MANIFESTS.glob("**/kustomization.yaml")), ids=name)
def test_kustomization_names_every_file_beside_it(path):
    beside = {each.name for each in path.parent.glob("*.yaml")} - {path.name}

    assert set(yaml.safe_load(path.read_text("utf-8"))["resources"]) == beside


def test_monitoring_adds_what_watches_and_nothing_else():
    kinds = [each["kind"] for each in documents(INSTALL / "monitoring/monitoring.yaml")]

    assert sorted(kinds) == ["ConfigMap", "PrometheusRule", "ServiceMonitor"]
