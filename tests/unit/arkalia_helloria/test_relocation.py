"""Where answers lead: a module's own addresses become public ones, all others stay."""

import pytest

from arkalia_helloria.relocation import Home
from arkalia_helloria.routes import parse_routes
from unit.arkalia_helloria.conftest import a_module, reply, routes_file

ROUTES = {
    "taskia": [
        {"path": "/tasks"},
        {"path": "/tasks/{task_id}", "alias": ["/api/tasks/{task_id}"]},
        {"path": "/files/*"},
        {"path": "/"},
    ],
    "llm": [
        {"path": "/v1/models", "alias": ["/v1/models"]},
        {"path": "/extra", "alias": ["/api/v1/taskia/extra"]},
    ],
    "all": [{"path": "/*"}],
}
TABLE = parse_routes(routes_file({"taskia": 1, "llm": 2, "all": 3}, **ROUTES))
OWN = "luna-taskia.arkalia.svc:8443"


def relocated(value, module="taskia", host=OWN):
    return Home(TABLE, module, host.encode()).relocated(value.encode()).decode()


@pytest.mark.parametrize(
    ("value", "public"),
    [
        (f"https://{OWN}/tasks/7", "/api/v1/taskia/tasks/7"),
        (f"http://{OWN}/tasks/7?a=1#end", "/api/v1/taskia/tasks/7?a=1#end"),
        (f"HTTP://{OWN.upper()}/tasks", "/api/v1/taskia/tasks"),
        (f"//{OWN}/tasks", "/api/v1/taskia/tasks"),
        (f"http://{OWN}", "/api/v1/taskia/"),
        (f"http://{OWN}/inside", "/api/v1/taskia/inside"),
        (f"http://{OWN}//elsewhere.example", "/api/v1/taskia//elsewhere.example"),
        (f"http://{OWN}/api/v1/taskia/tasks/7", "/api/v1/taskia/tasks/7"),
        (f"http://{OWN}/api/v1/taskia", "/api/v1/taskia"),
        ("/tasks/7", "/api/v1/taskia/tasks/7"),
        ("/", "/api/v1/taskia/"),
        ("/files/a/b%20c?x", "/api/v1/taskia/files/a/b%20c?x"),
    ],
)
def test_what_the_module_calls_its_own_becomes_public(value, public):
    assert relocated(value) == public


@pytest.mark.parametrize(
    "value",
    [
        "https://login.example.com/tasks/7",
        "//login.example.com/tasks",
        f"http://ada@{OWN}/tasks",
        "http://luna-taskia.arkalia.svc:9999/tasks",
        "https://[/tasks",
        "mailto:ada@example.com",
        "/api/v1/taskia/tasks/7",
        "/elsewhere",
        "/extra",
        "tasks/7",
        "../tasks",
        "?page=2",
        "#end",
        "",
    ],
)
def test_what_leads_elsewhere_or_is_public_already_stays(value):
    assert relocated(value) == value


def test_path_of_another_module_is_none_of_this_one():
    assert relocated("/v1/models") == "/v1/models"
    assert relocated("/v1/models", "llm") == "/api/v1/llm/v1/models"


def test_module_that_has_every_path_may_lead_to_another_one():
    assert relocated("/api/v1/taskia/tasks/7", "all") == "/api/v1/taskia/tasks/7"
    assert relocated("/api/v1/none", "all") == "/api/v1/all/api/v1/none"


async def test_client_is_led_to_the_public_path_also_by_an_alias(gateway):
    async def moving(scope, _receive, send):
        host = dict(scope["headers"])[b"host"].decode()
        there = [(b"location", f"http://{host}/tasks/8".encode()), (b"content-location", b"/tasks")]
        await reply(send, status=307, headers=there)

    async with a_module(moving) as (_, port), gateway({"taskia": port}, routes=ROUTES) as client:
        for path in ("/api/v1/taskia/tasks/7", "/api/tasks/7"):
            answer = await client.get(path, allow_redirects=False)

            assert answer.headers["Location"] == "/api/v1/taskia/tasks/8"
            assert answer.headers["Content-Location"] == "/api/v1/taskia/tasks"


async def test_kept_answer_leads_there_too(gateway):
    async def moved(scope, _receive, send):
        there = [(b"location", b"/tasks/8"), (b"cache-control", b"max-age=60")]
        await reply(send, status=301, headers=there)

    async with (
        a_module(moved) as (module, port),
        gateway({"taskia": port}, routes=ROUTES) as client,
    ):
        asking = [client.get("/api/v1/taskia/tasks/7", allow_redirects=False) for _ in range(2)]
        answers = [await each for each in asking]

        assert [each.headers["Location"] for each in answers] == ["/api/v1/taskia/tasks/8"] * 2
        assert len(module.asked) == 1
