"""Which route a path is for."""

import json

import pytest

from arkalia_helloria.routes import MethodError, PathError, parse_routes


def table(**modules):
    """The table of modules, given as lists of routes."""
    usual = {"methods": ["GET"], "scopes": []}
    return parse_routes(
        json.dumps(
            {
                name: {
                    "address": f"https://luna-{name}.team.svc:8000",
                    "pods": f"luna-{name}-pods.team.svc",
                    "routes": [usual | each for each in routes],
                }
                for name, routes in modules.items()
            }
        )
    )


TASKS = table(
    taskia=[
        {"path": "/tasks", "methods": ["GET", "POST"], "scopes": ["tasks"]},
        {"path": "/tasks/{id}"},
        {"path": "/tasks/newest"},
        {"path": "/files/*", "alias": ["/v1/files/*"]},
    ],
    other=[
        {"path": "/", "alias": ["/api/chat", "/api/v1/taskia/tasks"]},
        {"path": "/secret", "alias": ["/v1/files/secret/key"]},
    ],
)


@pytest.mark.parametrize(
    ("path", "module", "target", "public"),
    [
        ("/api/v1/taskia/tasks", "taskia", "/tasks", "/api/v1/taskia/tasks"),
        ("/api/v1/taskia/tasks/17", "taskia", "/tasks/17", "/api/v1/taskia/tasks/{id}"),
        ("/api/v1/taskia/tasks/a%20b", "taskia", "/tasks/a%20b", "/api/v1/taskia/tasks/{id}"),
        ("/api/v1/taskia/tasks/newest", "taskia", "/tasks/newest", "/api/v1/taskia/tasks/newest"),
        ("/api/v1/taskia/files/a/b", "taskia", "/files/a/b", "/api/v1/taskia/files/*"),
        ("/v1/files/a/b/", "taskia", "/files/a/b/", "/v1/files/*"),
        ("/v1/files/a%2Fb%2fc%20d", "taskia", "/files/a/b/c%20d", "/v1/files/*"),
        ("/v1/files/a%252Fb", "taskia", "/files/a%252Fb", "/v1/files/*"),
        ("/api/v1/other/", "other", "/", "/api/v1/other/"),
        ("/api/chat", "other", "/", "/api/chat"),
    ],
)
def test_path_leads_to_its_route_and_to_what_the_module_serves(path, module, target, public):
    found = TASKS.match("GET", path)

    assert (found.route.module, found.target, found.public.path) == (module, target, public)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/taskia",
        "/api/v1/taskia/",
        "/api/v1/taskia/tasks/",
        "/api/v1/taskia/tasks/1/2",
        "/api/v1/taskia/files/",
        "/api/v1/nobody/tasks",
        "/tasks",
        "/",
    ],
)
def test_what_is_not_published_is_not_found(path):
    assert TASKS.match("GET", path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/taskia/tasks/..",
        "/api/v1/taskia/files/../control/actions",
        "/api/v1/taskia/files/%2e%2e/control/actions",
        "/api/v1/taskia/files/.%2E/control",
        "/api/v1/taskia/tasks/a%2fb",
        "/v1/files/secret%2Fkey",
        "/api/v1/taskia/files/a%2f..%2fcontrol",
        "/api/v1/taskia/files/a%2f%2e%2E%2Fcontrol",
        "/api/v1/taskia/files/a%5cb",
        "/api/v1/taskia/files/a\\b",
        "/api/v1/taskia/tasks/%00",
    ],
)
def test_path_that_could_be_read_in_another_way_is_refused(path):
    with pytest.raises(PathError, match="another path"):
        TASKS.match("GET", path)


def test_method_that_is_not_published_is_told_with_those_that_are():
    with pytest.raises(MethodError, match="GET, POST"):
        TASKS.match("DELETE", "/api/v1/taskia/tasks")


def test_headers_of_what_may_be_read_may_be_asked_for_alone():
    assert TASKS.match("HEAD", "/api/v1/taskia/tasks").route.path == "/tasks"


def test_alias_takes_no_path_from_the_module_whose_it_is():
    assert TASKS.match("GET", "/api/v1/taskia/tasks").route.module == "taskia"


def test_scopes_and_limits_come_with_the_route():
    limits = {"requests_per_second": 3, "answer_seconds": 90}
    found = table(a=[{"path": "/x", "scopes": ["one"], **limits}])

    route = found.match("GET", "/api/v1/a/x").route
    assert (route.scopes, route.requests_per_second) == (frozenset({"one"}), 3)
    assert route.answer_seconds == 90


def test_file_of_another_form_is_refused():
    with pytest.raises(ValueError, match="address"):
        parse_routes('{"a": {"routes": []}}')
