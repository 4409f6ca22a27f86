"""`arkalia doctor` against an API server."""

import pytest

from arkalia_cli.api_paths import DEFINITION, DEPLOYMENT, STORAGE_CLASS
from arkalia_cli.api_paths import NAMESPACE as KIND_OF_NAMESPACE
from arkalia_cli.views.doctor import DEFINITIONS
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.objects import NAMESPACE
from unit.arkalia_cli.systems import a_system


@pytest.fixture
def well(cluster):
    """A cluster that has what a system needs."""
    cluster.by_path["/version"] = {"gitVersion": "v1.36.3"}
    cluster.by_path["/apis"] = {"groups": [{"name": "arkalia.io"}, {"name": "metrics.k8s.io"}]}
    cluster.by_path[KIND_OF_NAMESPACE.path(name=NAMESPACE)] = {"metadata": {"name": NAMESPACE}}
    for name in DEFINITIONS:
        cluster.by_path[DEFINITION.path(name=name)] = {
            "metadata": {"name": name, "labels": {"app.kubernetes.io/version": "0.1.0"}},
            "spec": {"versions": [{"name": "v1alpha1", "served": True}]},
        }
    cluster.list(
        DEPLOYMENT.path(),
        {
            "metadata": {"name": "arkalia-operator", "namespace": "arkalia-system"},
            "status": {"readyReplicas": 1},
        },
    )
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    cluster.list(
        STORAGE_CLASS.path(),
        {"metadata": {"name": "fast", "annotations": default}},
        {"metadata": {"name": "slow"}},
    )
    return cluster


def levels(told):
    return {each["check"]: each["level"] for each in told("doctor")["findings"]}


def test_cluster_with_everything_ends_with_0(well, arkalia):
    done = arkalia("doctor")

    assert done.exit_code == 0
    assert "fast" in done.stdout
    assert "slow" not in done.stdout


def test_namespace_that_is_not_there_ends_with_1(well, arkalia):
    del well.by_path[KIND_OF_NAMESPACE.path(name=NAMESPACE)]

    done = arkalia("doctor")

    assert done.exit_code == 1
    assert f"{NAMESPACE} does not exist" in done.stdout


def test_namespace_that_may_not_be_read_is_no_mistake(well, arkalia):
    well.by_path[KIND_OF_NAMESPACE.path(name=NAMESPACE)] = 403

    assert arkalia("doctor").exit_code == 0


def test_cluster_without_definitions_ends_with_1(well, arkalia):
    del well.by_path[DEFINITION.path(name=DEFINITIONS[0])]

    done = arkalia("doctor")

    assert done.exit_code == 1
    assert "Install or upgrade the chart" in done.stdout


def test_what_the_user_may_not_read_is_unknown_and_no_mistake(well, arkalia, told):
    for path in (DEPLOYMENT.path(), STORAGE_CLASS.path(), DEFINITION.path(name=DEFINITIONS[0])):
        well.by_path[path] = 403

    found = levels(told)

    assert (found["operator"], found["storage"], found["CRDs"]) == ("unknown", "unknown", "good")


def test_rights_are_asked_for_in_the_namespace(well, told):
    asked = []
    well.reviews = lambda attributes: (
        asked.append(attributes) or (attributes["subresource"] != "portforward")
    )

    found = levels(told)

    assert (found["you: open"], found["you: logs"]) == ("warning", "good")
    assert {each["namespace"] for each in asked} == {"arkalia"}


def test_nothing_but_questions_about_rights_is_posted(well, arkalia):
    arkalia("doctor")

    posted = {path for method, path, _ in well.asked if method != "GET"}
    assert posted == {"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}


def test_system_that_no_operator_takes_is_found(well, told):
    well.list(SYSTEMS, a_system("luna") | {"status": {}}, a_system("sol"))
    [running] = well.by_path[DEPLOYMENT.path()]["items"]
    watched = {"name": "ARKALIA_OPERATOR_WATCH_NAMESPACES", "value": "moon"}
    running["spec"] = {"template": {"spec": {"containers": [{"env": [watched]}]}}}

    found = {each["check"]: each for each in told("doctor")["findings"]}

    assert found["system: luna"]["level"] == "warning"
    assert "watches only the namespaces moon" in found["system: luna"]["message"]
    assert found["system: sol"]["message"].startswith(
        "No operator looks after this system any more"
    )


def test_system_that_is_looked_after_is_good(well, told):
    well.list(SYSTEMS, a_system("luna"))

    assert levels(told)["system: luna"] == "good"


def test_systems_that_may_not_be_listed_are_no_mistake(well, arkalia):
    well.by_path[SYSTEMS] = 403

    assert arkalia("doctor").exit_code == 0
