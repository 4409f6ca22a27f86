"""`arkalia logs` against an API server."""

import json

import pytest

from arkalia_cli.api_paths import POD
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.objects import a_pod, collection, log_of
from unit.arkalia_cli.systems import a_system


@pytest.fixture
def pods(cluster):
    """Two pods of two modules that have written three lines."""
    cluster.list(SYSTEMS, a_system())
    cluster.list(
        collection(POD), a_pod("h-1", "helloria"), a_pod("p-0", "postgresql", "arkalia.io/data")
    )
    cluster.by_path[log_of("h-1")] = "2026-11-21T04:00:01Z one\n2026-11-21T04:00:03Z three\n"
    cluster.by_path[log_of("p-0")] = "2026-11-21T04:00:02Z two"
    return cluster


def queries(cluster):
    return [query for _, path, query in cluster.asked if path.endswith("/log")]


def test_lines_of_all_pods_are_joined(pods, arkalia):
    assert arkalia("logs", "luna").stdout == (
        "04:00:01.000 helloria h-1 │ one\n"
        "04:00:02.000 postgresql p-0 │ two\n"
        "04:00:03.000 helloria h-1 │ three\n"
    )


def test_one_module_can_be_chosen(pods, arkalia):
    assert arkalia("logs", "-m", "postgresql").stdout == "04:00:02.000 postgresql p-0 │ two\n"


def test_json_is_one_object_a_line(pods, arkalia):
    lines = arkalia("logs", "-o", "json").stdout.splitlines()

    assert [json.loads(line)["line"] for line in lines] == ["one", "two", "three"]


def test_pods_are_asked_for_by_the_label_of_the_system(pods, arkalia):
    arkalia("logs")

    [query] = [query for _, path, query in pods.asked if path == collection(POD)]
    assert query["labelSelector"] == "arkalia.io/system=luna"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {"tailLines": "50"}),
        (["--since", "5m"], {"sinceSeconds": "300"}),
        (["--since", "5m", "--tail", "3"], {"sinceSeconds": "300", "tailLines": "3"}),
        (["--tail", "0"], {"tailLines": "0"}),
    ],
)
def test_extent_is_left_to_the_api_server(pods, arkalia, options, expected):
    arkalia("logs", "-m", "helloria", *options)

    assert queries(pods) == [{"container": "main", "timestamps": "true", **expected}]


@pytest.mark.parametrize("code", [400, 404])
def test_container_that_has_not_started_or_is_gone_is_left_out(pods, arkalia, code):
    pods.by_path[log_of("h-1")] = code

    done = arkalia("logs")

    assert (done.exit_code, done.stdout) == (0, "04:00:02.000 postgresql p-0 │ two\n")


def test_logs_that_the_user_may_not_read_end_with_5(pods, arkalia):
    pods.by_path[log_of("h-1")] = 403

    assert arkalia("logs").exit_code == 5


def test_wrong_span_of_time_ends_with_2(pods, arkalia):
    done = arkalia("logs", "--since", "5x")

    assert done.exit_code == 2
    assert "90s" in done.stderr
