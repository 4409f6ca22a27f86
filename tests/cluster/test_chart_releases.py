"""Releases of the charts on an API server of their own: accepted whole, upgraded, taken away, taken up.

A definition belongs to the whole cluster, so the old ones of the last release cannot be installed
beside those that the other stories use. Here are an API server and etcd alone: no pod starts, so what
an operator does after an upgrade is not seen here.
"""

import subprocess

import pytest
import yaml

from bench.control_plane import control_plane
from cluster import baseline
from cluster.chart_release import CHART, CRD_CHART, ROOT, ChartRelease, RefusedByHelmError
from cluster.development import definitions as definitions_of
from cluster.development import programs
from cluster.kinds import DEFINITION, MODULE, SYSTEM, Ref, collection
from cluster.kube import Kube, RefusedError
from cluster.waiting import eventually

OWN = "arkalia-system"
RESOURCES = "resources"
KINDS = {"ArkaliaSystem": SYSTEM, "ArkaliaModule": MODULE}
SCENARIOS = {
    path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text("utf-8")) or {}
    for path in sorted(CHART.glob("ci/*-values.yaml"))
}
OF_RELEASE = "meta.helm.sh/release-name"
STRICT = {"dryRun": "All", "fieldValidation": "Strict"}


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with control_plane(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="module")
def own(plane):
    """A connection to that API server, with the namespaces that releases and resources need."""
    connection = Kube(str(plane.kubeconfig("person")))
    connection.http.headers["Authorization"] = "Bearer person"
    for name in (OWN, RESOURCES, "team-a", "team-b"):
        connection.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def settings(plane):
    """The variables with which Helm and kubectl find it."""
    return {**programs(), "KUBECONFIG": str(plane.kubeconfig("person"))}


@pytest.fixture(scope="module")
def last(tmp_path_factory):
    """The tree of the last release."""
    return baseline.tree(tmp_path_factory.mktemp("last"))


@pytest.fixture(scope="module")
def release(own, settings, last):
    """The release as the last one left it, with its definitions served."""
    mine = ChartRelease(own, settings, OWN)
    mine.install(last / "charts/arkalia", {})
    eventually(lambda: established(own))
    return mine


@pytest.fixture(scope="module")
def resources(own, release, last):
    """Every resource that the last release had as an example or a test, as it was stored."""
    return [stored(own, body, f"r{number}") for number, body in enumerate(written(last))]


@pytest.fixture(scope="module")
def upgraded(release, resources):
    """The release after the upgrade to this checkout."""
    release.install(CHART, {})
    return release


@pytest.fixture(scope="module")
def monitored(own):
    """The kinds of the Prometheus operator, as its own release has them."""
    folder = definitions_of("prometheus-operator")
    for plural in ("servicemonitors", "prometheusrules"):
        path = folder / f"monitoring.coreos.com_{plural}.yaml"
        own.apply(yaml.safe_load(path.read_text("utf-8")))


def definitions(kube):
    found = [each for each in kube.find(DEFINITION) if each["spec"]["group"] == "arkalia.io"]
    return {each["metadata"]["uid"]: each for each in found}


def established(kube):
    """Raises AssertionError until all definitions are served."""
    found = definitions(kube).values()
    assert len(found) == len(KINDS), f"{len(found)} of {len(KINDS)} are there"
    for each in found:
        kube.established(Ref.of(each))


def written(tree):
    """The resources among the files of *tree*."""
    files = [*tree.glob("docs/examples/**/*.yaml"), *tree.glob("tests/golden/**/*.yaml")]
    for file in sorted(files):
        for body in yaml.load_all(file.read_text("utf-8"), Loader=yaml.CSafeLoader):
            if isinstance(body, dict) and body.get("kind") in KINDS:
                yield body


def stored(kube, body, name, **options):
    """The object that the API server makes of *body*, under another name."""
    manifest = {
        "apiVersion": "arkalia.io/v1alpha1",
        "kind": body["kind"],
        "metadata": {"name": name, "namespace": RESOURCES},
        "spec": body["spec"],
    }
    path = collection(KINDS[body["kind"]], RESOURCES)
    response = kube.http.post(path, params=options, json=manifest)
    if response.is_error:
        raise RefusedError(response.status_code, response.text)
    return response.json()


def as_they_are(kube, resources):
    found = (kube.require(Ref.of(body)) for body in resources)
    return [(each["metadata"]["uid"], each["spec"]) for each in found]


def as_they_were(resources):
    return [(each["metadata"]["uid"], each["spec"]) for each in resources]


def test_resources_of_the_last_release_are_what_they_were(own, resources, upgraded):
    assert len(resources) > 10
    assert as_they_are(own, resources) == as_they_were(resources)


def test_resources_of_the_last_release_would_be_taken_again(own, resources, upgraded):
    for number, body in enumerate(resources):
        assert stored(own, body, f"again{number}", **STRICT)["spec"] == body["spec"]


def test_versions_that_were_stored_are_still_served(own, upgraded):
    for each in definitions(own).values():
        served = {version["name"] for version in each["spec"]["versions"] if version["served"]}
        assert set(each["status"]["storedVersions"]) <= served


def test_second_release_does_not_take_the_definitions_of_the_first(own, settings, upgraded):
    before = definitions(own)

    with pytest.raises(RefusedByHelmError, match=r"arkalia\w+\.arkalia\.io.* exists and cannot be"):
        ChartRelease(own, settings, OWN, "second").install(CRD_CHART, {})

    assert definitions(own).keys() == before.keys()


def test_uninstalled_release_leaves_definitions_and_resources_and_a_new_one_takes_them_up(
    own, resources, upgraded
):
    kept = definitions(own).keys()

    upgraded.uninstall()
    assert definitions(own).keys() == kept
    assert as_they_are(own, resources) == as_they_were(resources)

    upgraded.install(CHART, {})
    assert definitions(own).keys() == kept
    assert as_they_are(own, resources) == as_they_were(resources)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_is_accepted_by_the_api_server_and_goes_again(monitored, upgraded, scenario):
    upgraded.install(CHART, SCENARIOS[scenario])

    kinds = {each["kind"] for each in upgraded.objects()}
    upgraded.uninstall()
    assert {"Deployment", "ServiceAccount"} <= kinds
    assert ("ServiceMonitor" in kinds) == (scenario == "monitoring")


@pytest.mark.parametrize("how", ["--kustomize=manifests/install", "--filename=manifests/install"])
def test_plain_manifest_and_kustomize_base_are_accepted(settings, upgraded, how):
    target = f"{how}/arkalia.yaml" if "filename" in how else how

    answer = subprocess.run(
        ["kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", target],
        env=settings, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("serverside-applied") > 10


def test_definitions_move_to_their_own_chart_without_being_deleted(
    own, settings, resources, upgraded
):
    kept = definitions(own).keys()
    alone = ChartRelease(own, settings, OWN, "definitions")

    upgraded.install(CHART, {"crds": {"enabled": False}})
    alone.install(CRD_CHART, {}, "--take-ownership")

    owners = {each["metadata"]["annotations"][OF_RELEASE] for each in definitions(own).values()}
    assert owners == {"definitions"}
    alone.uninstall()
    assert definitions(own).keys() == kept
    assert as_they_are(own, resources) == as_they_were(resources)
