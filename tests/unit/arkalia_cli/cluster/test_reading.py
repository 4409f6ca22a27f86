"""Following logs: new lines, new pods, streams that break."""

from itertools import islice

import pytest

from arkalia_cli.cluster.connection import connect
from arkalia_cli.cluster.reading import Follower
from arkalia_cli.errors import ForbiddenError
from arkalia_cli.views.logs import Source
from unit.arkalia_cli.api_server import kubeconfig, serving
from unit.arkalia_cli.objects import log_of

ONE, TWO = (Source("helloria", f"h-{number}", "main") for number in (1, 2))


@pytest.fixture
def follow(cluster, tmp_path):
    """A follower of what a function finds."""
    with serving(cluster) as url:
        connection = connect(None, None, kubeconfig(tmp_path / "config", url))
        yield lambda find: Follower(connection, find, {"tailLines": "5"}, look_seconds=0.05)


def test_first_look_asks_for_the_lines_that_the_user_wants(cluster, follow):
    cluster.by_path[log_of("h-1")] = "2026-11-21T04:00:01Z one\n"

    [first] = islice(follow(lambda: [ONE]).entries(), 1)

    assert first.line == "one"
    [query, *_] = [query for _, path, query in cluster.asked if path == log_of("h-1")]
    assert query["follow"] == "true"
    assert query["tailLines"] == "5"


def test_pod_that_starts_later_is_read_from_its_start(cluster, follow):
    cluster.by_path[log_of("h-1")] = "2026-11-21T04:00:01Z one\n"
    cluster.by_path[log_of("h-2")] = "2026-11-21T04:00:02Z two\n"
    looks = iter([[ONE]])

    lines = islice(follow(lambda: next(looks, [ONE, TWO])).entries(), 2)

    assert {each.line for each in lines} == {"one", "two"}
    [query, *_] = [query for _, path, query in cluster.asked if path == log_of("h-2")]
    assert "tailLines" not in query


def test_stream_that_ended_goes_on_after_its_last_line(cluster, follow):
    old = "2026-11-21T04:00:01Z one\n"
    new = "2026-11-21T04:00:02Z two\n"
    cluster.by_path[log_of("h-1")] = lambda query: old + new if "sinceTime" in query else old

    lines = [each.line for each in islice(follow(lambda: [ONE]).entries(), 2)]

    assert lines == ["one", "two"]


def test_logs_that_the_user_may_not_read_end_the_command(cluster, follow):
    cluster.by_path[log_of("h-1")] = 403

    with pytest.raises(ForbiddenError):
        next(follow(lambda: [ONE]).entries())
