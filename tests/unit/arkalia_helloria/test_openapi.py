"""One description of all that is published."""

import json

from arkalia_helloria.openapi import merged
from arkalia_helloria.routes import parse_routes

OWN = {
    "openapi": "3.1.0",
    "info": {"title": "Arkalia helloria", "version": "1"},
    "paths": {"/status": {"get": {"responses": {"200": {"description": "It."}}}}},
    "components": {"schemas": {"Task": {"type": "string"}}},
}
TASKIA = {
    "paths": {
        "/tasks/{task_id}": {
            "get": {
                "operationId": "read_task",
                "summary": "A task",
                "parameters": [{"name": "task_id", "in": "path", "required": True}],
                "responses": {
                    "200": {
                        "description": "The task.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Task"}}
                        },
                    }
                },
            },
            "delete": {"responses": {}},
        },
        "/control/actions": {"post": {"responses": {}}},
    },
    "components": {
        "schemas": {
            "Task": {"properties": {"kind": {"$ref": "#/components/schemas/Kind"}}},
            "Kind": {"type": "string", "examples": ["mail"]},
        },
        "securitySchemes": {"theirs": {"type": "http", "scheme": "basic"}},
    },
}


def table(**modules):
    usual = {"methods": ["GET"], "scopes": []}
    return parse_routes(
        json.dumps(
            {
                name: {
                    "address": "http://x:1",
                    "pods": "x",
                    "routes": [usual | each for each in routes],
                }
                for name, routes in modules.items()
            }
        )
    )


ROUTES = table(
    taskia=[
        {"path": "/tasks/{id}", "scopes": ["tasks"], "alias": ["/v1/tasks/{id}"]},
        {"path": "/files/*"},
    ]
)


def references(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "$ref":
                yield each
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_only_what_is_published_is_described():
    paths = merged(OWN, ROUTES, {"taskia": TASKIA})["paths"]

    assert sorted(paths) == [
        "/api/v1/taskia/files/{rest}",
        "/api/v1/taskia/tasks/{id}",
        "/status",
        "/v1/tasks/{id}",
    ]
    assert list(paths["/api/v1/taskia/tasks/{id}"]) == ["get"]


def test_operation_is_the_module_s_with_the_published_parameters_and_scopes():
    operation = merged(OWN, ROUTES, {"taskia": TASKIA})["paths"]["/api/v1/taskia/tasks/{id}"]["get"]

    assert operation["summary"] == "A task"
    assert operation["parameters"] == [{"name": "id", "in": "path", "required": True}]
    assert operation["security"] == [{"bearer": ["tasks"]}, {"key": []}]
    assert {"200", "401", "403", "429"} <= operation["responses"].keys()


def test_schemas_of_modules_do_not_meet_and_every_reference_leads_somewhere():
    whole = merged(OWN, ROUTES, {"taskia": TASKIA})
    schemas = whole["components"]["schemas"]

    assert schemas["Task"] == {"type": "string"}
    assert schemas["taskia.Kind"] == {"type": "string", "examples": ["mail"]}
    found = set(references(whole))
    assert found == {"#/components/schemas/taskia.Task", "#/components/schemas/taskia.Kind"}
    assert {each.rsplit("/", 1)[1] for each in found} <= schemas.keys()
    assert "theirs" not in whole["components"]["securitySchemes"]


def test_operations_have_names_of_their_own():
    paths = merged(OWN, ROUTES, {"taskia": TASKIA})["paths"]
    names = [
        operation["operationId"]
        for path, item in paths.items()
        if path != "/status"
        for operation in item.values()
    ]

    assert len(names) == len(set(names)) == 3


def test_route_of_which_the_module_says_nothing_is_described_by_its_path():
    whole = merged(OWN, ROUTES, {})

    operation = whole["paths"]["/v1/tasks/{id}"]["get"]
    assert operation["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    assert operation["responses"]["200"]["description"]


def test_what_was_given_is_left_as_it_was():
    before = json.dumps([OWN, TASKIA])

    merged(OWN, ROUTES, {"taskia": TASKIA})

    assert json.dumps([OWN, TASKIA]) == before


def test_what_lies_below_a_path_is_described_by_the_one_route_that_a_module_has_there():
    read = {"summary": "A file", "parameters": [{"name": "key", "in": "path", "required": True}]}
    found = merged(OWN, ROUTES, {"taskia": {"paths": {"/files/{key}": {"get": read}}}})

    operation = found["paths"]["/api/v1/taskia/files/{rest}"]["get"]
    assert operation["summary"] == "A file"
    assert operation["parameters"][0]["name"] == "rest"
