"""Which system a command is about."""

import pytest

from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system

EVERYWHERE = "/apis/arkalia.io/v1alpha1/arkaliasystems"
PODS = "/api/v1/namespaces/arkalia/pods"


@pytest.fixture
def logs(cluster, arkalia):
    """A verb that is about one system, of which nothing is to be shown."""
    cluster.list(PODS)
    return lambda *name: arkalia("logs", *name)


def test_only_system_of_the_namespace_needs_no_name(cluster, logs):
    cluster.list(SYSTEMS, a_system("luna"))

    assert logs().exit_code == 0


def test_one_of_several_systems_must_be_named(cluster, logs):
    cluster.list(SYSTEMS, a_system("luna"), a_system("sol"))

    done = logs()

    assert done.exit_code == 2
    assert done.stderr == "Error: namespace arkalia has 2 systems\nName one of luna, sol.\n"


def test_named_system_is_taken_among_several(cluster, logs):
    cluster.list(SYSTEMS, a_system("luna"), a_system("sol"))

    logs("sol")

    [query] = [query for _, path, query in cluster.asked if path == PODS]
    assert query["labelSelector"] == "arkalia.io/system=sol"


def test_namespace_without_a_system_is_told_where_one_is(cluster, logs):
    cluster.list(EVERYWHERE, a_system("luna", namespace="moon"))

    done = logs()

    assert done.exit_code == 4
    assert "Did you mean luna -n moon?" in done.stderr


def test_cluster_without_a_system_is_told_so(cluster, logs):
    cluster.list(EVERYWHERE)

    assert "apply an ArkaliaSystem first" in logs().stderr


def test_other_namespaces_that_may_not_be_read_are_no_mistake(cluster, logs):
    cluster.by_path[EVERYWHERE] = 403

    done = logs("luna")

    assert done.exit_code == 4
    assert "Name that with `-n`" in done.stderr


def test_user_who_may_not_list_must_name_the_system(cluster, logs):
    cluster.by_path[SYSTEMS] = 403

    assert logs().exit_code == 5
