"""Requests through the Service of the first module, and what its pod writes about them."""

import json
import secrets

import pytest

from arkalia_contract import endpoints, headers
from cluster.kinds import Ref
from cluster.waiting import eventually


@pytest.fixture(scope="module")
def helloria(luna):
    """The gateway's Service."""
    return luna.reach()


@pytest.mark.parametrize("path", [endpoints.HEALTH, endpoints.HEALTH_LIVE, endpoints.HEALTH_READY])
def test_health_is_answered_in_json(helloria, path):
    answer = helloria.get(path)

    assert answer.status_code == 200
    assert answer.json()["status"] in {"healthy", "alive", "ready"}


def test_detailed_health_lists_every_check_with_its_result(helloria):
    report = helloria.get(endpoints.HEALTH_DETAILED).json()

    assert report["status"] == "healthy"
    assert all(check["healthy"] for check in report["checks"])


def test_status_tells_which_system_and_pod_answered(helloria, luna):
    status = helloria.get(endpoints.STATUS).json()

    assert (status["module"], status["system"]) == ("helloria", luna.name)
    assert (status["namespace"], status["environment"]) == (luna.namespace, "production")
    assert status["pod"] in {pod["metadata"]["name"] for pod in luna.pods()}


def test_metrics_count_the_requests_that_were_answered(helloria):
    helloria.get(endpoints.STATUS)

    told = helloria.get(endpoints.METRICS).text

    assert 'arkalia_build_info{module="helloria"' in told
    assert 'http_requests_total{method="GET",route="/status",status="200"}' in told


def test_docs_page_loads_its_script_and_description_from_the_service(helloria):
    page = helloria.get(endpoints.DOCS)

    assert page.headers["content-type"].startswith("text/html")
    assert helloria.get("/docs/swagger-ui-bundle.js").status_code == 200
    assert endpoints.STATUS in helloria.get(endpoints.OPENAPI).json()["paths"]


def test_unknown_path_is_answered_with_a_problem_document(helloria):
    answer = helloria.get("/nowhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == "/nowhere"


def test_request_id_comes_back_and_stands_in_the_log_of_the_pod(helloria, luna, kube):
    name = f"story-{secrets.token_hex(8)}"

    answer = helloria.get(endpoints.STATUS, **{headers.REQUEST_ID: name})

    assert answer.headers[headers.REQUEST_ID] == name
    entry = eventually(lambda: logged(kube, luna, name))
    assert (entry["route"], entry["status"]) == (endpoints.STATUS, 200)


def test_request_without_an_id_is_given_one(helloria):
    answer = helloria.get(endpoints.STATUS)

    assert len(answer.headers[headers.REQUEST_ID]) == 32


def test_every_line_that_the_pod_writes_is_json_and_tells_where_it_comes_from(luna, kube):
    entries = entries_of(kube, luna)

    assert "Serving." in {entry["message"] for entry in entries}
    assert {entry["module"] for entry in entries} == {"helloria"}
    assert {entry["system"] for entry in entries} == {luna.name}
    assert all(entry["time"].endswith("Z") and entry["level"] for entry in entries)


def entries_of(kube, system):
    lines = [line for pod in system.pods() for line in kube.log(Ref.of(pod)).splitlines()]
    return [json.loads(line) for line in lines]


def logged(kube, system, request_id):
    """The log entry of a request."""
    found = [each for each in entries_of(kube, system) if each.get("request_id") == request_id]
    assert len(found) == 1, f"{len(found)} log lines with request id {request_id}"
    return found[0]
