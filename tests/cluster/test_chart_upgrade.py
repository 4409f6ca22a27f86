"""From the last release to this checkout, and out and in again: definitions and resources stay.

The definitions are renamed (`cluster.chart_release.copied`), so that old ones can be installed beside
those that all stories use. The operator of the last release has no image here: its chart runs this
checkout's, and is not waited for.
"""

from pathlib import Path

import pytest
import yaml

from arkalia_operator.desired.kinds import Kind
from cluster import baseline
from cluster.chart_release import (
    ROOT,
    ChartRelease,
    copied,
    development_values,
    laid_over,
    renamed,
)
from cluster.development import environment
from cluster.kinds import DEFINITION, Ref, collection
from cluster.kube import RefusedError
from cluster.waiting import eventually

API = "tale.io/v1alpha1"
KINDS = {
    "TaleSystem": Kind(API, "TaleSystem", "talesystems"),
    "TaleModule": Kind(API, "TaleModule", "talemodules"),
}
OF_RELEASE = "meta.helm.sh/release-name"


@pytest.fixture(scope="module")
def last(tmp_path_factory):
    """The tree of the last release."""
    return baseline.tree(tmp_path_factory.mktemp("last"))


@pytest.fixture(scope="module")
def charts(tmp_path_factory, last):
    """The charts of the last release and of this checkout."""
    folder = tmp_path_factory.mktemp("charts")
    return copied(last, folder / "last"), copied(ROOT, folder / "now")


@pytest.fixture(scope="module")
def release(kube, operator, namespace, charts):
    """The release as the last one left it, with the definitions."""
    mine = ChartRelease(kube, environment(), namespace)
    mine.install(charts[0] / "arkalia", values_for(namespace))
    eventually(lambda: established(kube), within=30)
    yield mine
    for each in definitions(kube):
        kube.delete(Ref.of(each))


@pytest.fixture(scope="module")
def resources(kube, release, namespace, last):
    """Every resource that the last release had as an example or a test, as the API server keeps it."""
    return [
        stored(kube, body, f"r{number}", namespace) for number, body in enumerate(written(last))
    ]


@pytest.fixture(scope="module")
def upgraded(release, resources, charts, namespace):
    """The release after the upgrade."""
    release.install(charts[1] / "arkalia", values_for(namespace), "--wait", "--timeout=2m")
    return release


def values_for(namespace):
    return laid_over(development_values(), {"watchNamespaces": [namespace]})


def definitions(kube):
    return [each for each in kube.find(DEFINITION) if each["spec"]["group"] == "tale.io"]


def established(kube):
    """Raises AssertionError until both definitions are served."""
    conditions = [
        condition
        for each in definitions(kube)
        for condition in each.get("status", {}).get("conditions", [])
        if condition["type"] == "Established" and condition["status"] == "True"
    ]
    assert len(conditions) == len(KINDS), f"{len(conditions)} of {len(KINDS)} are served"


def written(tree: Path):
    """The resources among the files of *tree*."""
    files = [*tree.glob("docs/examples/**/*.yaml"), *tree.glob("tests/golden/**/*.yaml")]
    for file in sorted(files):
        for body in yaml.load_all(renamed(file.read_text("utf-8")), Loader=yaml.CSafeLoader):
            if isinstance(body, dict) and body.get("kind") in KINDS:
                yield body


def address(body):
    metadata = body["metadata"]
    return Ref(KINDS[body["kind"]], metadata["namespace"], metadata["name"])


def stored(kube, body, name, namespace, **options):
    """The object that the API server makes of *body*, under another name."""
    manifest = {
        "apiVersion": API,
        "kind": body["kind"],
        "metadata": {"name": name, "namespace": namespace},
        "spec": body["spec"],
    }
    path = collection(KINDS[body["kind"]], namespace)
    response = kube.http.post(path, params=options, json=manifest)
    if response.is_error:
        raise RefusedError(response.status_code, response.text)
    return response.json()


def test_upgraded_release_runs_this_checkouts_operator(upgraded):
    eventually(upgraded.deployment, within=60)

    assert "ok     the operator is at work" in upgraded.test()


def test_resources_of_the_last_release_are_what_they_were(kube, resources, upgraded):
    now = [kube.require(address(body)) for body in resources]

    assert len(resources) > 10
    assert [(each["metadata"]["uid"], each["spec"]) for each in now] == [
        (each["metadata"]["uid"], each["spec"]) for each in resources
    ]


def test_resources_of_the_last_release_would_be_taken_again(kube, resources, upgraded, namespace):
    strict = {"dryRun": "All", "fieldValidation": "Strict"}

    for number, body in enumerate(resources):
        again = stored(kube, body, f"again{number}", namespace, **strict)
        assert again["spec"] == body["spec"]


def test_versions_that_were_stored_are_still_served(kube, upgraded):
    for each in definitions(kube):
        served = {version["name"] for version in each["spec"]["versions"] if version["served"]}
        assert set(each["status"]["storedVersions"]) <= served


def test_uninstalled_release_leaves_definitions_and_resources_and_a_new_one_takes_them_up(
    kube, resources, upgraded, charts, namespace
):
    kept = {each["metadata"]["uid"] for each in definitions(kube)}

    upgraded.uninstall()

    assert {each["metadata"]["uid"] for each in definitions(kube)} == kept
    assert all(kube.get(address(body)) for body in resources)

    upgraded.install(charts[1] / "arkalia", values_for(namespace), "--wait", "--timeout=2m")

    assert {each["metadata"]["uid"] for each in definitions(kube)} == kept
    assert [kube.require(address(body))["spec"] for body in resources] == [
        body["spec"] for body in resources
    ]


def test_definitions_move_to_their_own_chart_without_being_deleted(
    kube, resources, upgraded, charts, namespace
):
    kept = {each["metadata"]["uid"] for each in definitions(kube)}
    own = ChartRelease(kube, environment(), namespace, "definitions")

    without = laid_over(values_for(namespace), {"crds": {"enabled": False}})
    upgraded.install(charts[1] / "arkalia", without, "--wait", "--timeout=2m")
    own.install(charts[1] / "arkalia-crds", {}, "--take-ownership")

    owners = {each["metadata"]["annotations"][OF_RELEASE] for each in definitions(kube)}
    assert {each["metadata"]["uid"] for each in definitions(kube)} == kept
    assert owners == {"definitions"}
    assert all(kube.get(address(body)) for body in resources)
    own.uninstall()
    upgraded.uninstall()
    assert {each["metadata"]["uid"] for each in definitions(kube)} == kept
