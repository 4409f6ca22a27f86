"""Problems: every error has one form."""

from datetime import datetime
from typing import Annotated

import pytest
from fastapi import APIRouter, HTTPException
from pydantic import AfterValidator, TypeAdapter, ValidationError

from arkalia_runtime.app import create_app
from arkalia_runtime.problems import Problem, faults, in_words
from unit.arkalia_runtime.serving import served


@pytest.fixture
def app(settings):
    router = APIRouter()

    @router.get("/numbers/{number}")
    async def read_number(number: int) -> int:
        return number

    @router.get("/problem")
    async def refuse() -> None:
        raise Problem(409, "Somebody was quicker.", type="urn:arkalia:conflict", version=7)

    @router.get("/exception")
    async def wait() -> None:
        raise HTTPException(429, "Too many.", headers={"Retry-After": "3"})

    return create_app("m", settings, router=router)


async def asked(app, method, path):
    async with served(app) as client:
        answer = await client.request(method, path)
        return answer, await answer.json(content_type="application/problem+json")


async def test_absent_path_is_a_problem_that_says_where_to_look(app):
    answer, problem = await asked(app, "GET", "/absent")

    assert answer.status == 404
    assert problem.pop("request_id") == answer.headers["X-Request-Id"]
    assert problem == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at /absent; /docs shows what there is.",
        "instance": "/absent",
    }


async def test_wrong_method_is_a_problem_that_names_the_right_ones(app):
    answer, problem = await asked(app, "POST", "/health")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert problem["detail"] == "POST is not possible here; possible: GET."


async def test_invalid_request_is_a_problem_that_says_where_without_the_value(app):
    answer, problem = await asked(app, "GET", "/numbers/hunter2")

    assert (answer.status, problem["title"]) == (422, "Unprocessable Content")
    assert [each["where"] for each in problem["errors"]] == ["path.number"]
    assert problem["detail"].startswith("The request does not fit: path.number: ")
    assert "hunter2" not in f"{problem['errors']} {problem['detail']}"


async def test_clients_of_openai_and_ollama_find_the_sentence_where_they_look_for_it(app):
    _, openai = await asked(app, "GET", "/v1/absent")
    _, ollama = await asked(app, "GET", "/api/absent")
    _, own = await asked(app, "GET", "/api/v1/absent")

    assert openai["error"] == {
        "message": openai["detail"],
        "type": "invalid_request_error",
        "code": None,
        "param": None,
    }
    assert ollama["error"] == ollama["detail"]
    assert "error" not in own


def test_sentence_names_the_first_mistakes_and_how_many_there_are():
    found = [{"where": f"body.{each}", "message": "Wrong."} for each in "abcde"]

    assert in_words(found) == "body.a: Wrong; body.b: Wrong; body.c: Wrong; and 2 more in `errors`"


def even(number):
    if number % 2:
        message = f"{number} is odd"
        raise ValueError(message)
    return number


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Annotated[int, AfterValidator(even)], 3, "3 is odd"),
        (datetime, "x", "Input should be a valid datetime or date, input is too short"),
    ],
    ids=["a validator of ours", "a type of pydantic"],
)
def test_fault_is_told_in_whole_sentences_and_in_a_validator_s_own_words(kind, value, message):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)

    assert faults(caught.value.errors(), "body") == [{"where": "body", "message": message}]


async def test_body_that_is_no_json_is_told_what_is_wrong_with_it(settings):
    router = APIRouter()

    @router.post("/numbers")
    async def write(numbers: list[int]) -> int:
        return len(numbers)

    async with served(create_app("m", settings, router=router)) as client:
        answer = await client.request(
            "POST", "/numbers", data="[1,", headers={"Content-Type": "application/json"}
        )
        problem = await answer.json(content_type="application/problem+json")

    assert [each["message"] for each in problem["errors"]] == ["Expecting value"]


async def test_problem_of_a_route_carries_its_members(app):
    answer, problem = await asked(app, "GET", "/problem")

    assert (answer.status, problem["title"]) == (409, "Conflict")
    assert problem["detail"] == "Somebody was quicker."
    assert (problem["type"], problem["version"]) == ("urn:arkalia:conflict", 7)


async def test_http_exception_of_a_route_keeps_detail_and_headers(app):
    answer, problem = await asked(app, "GET", "/exception")

    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert problem["detail"] == "Too many."


async def test_framework_s_word_is_kept_when_nothing_better_is_known(settings):
    router = APIRouter()

    @router.get("/teapot")
    async def refuse() -> None:
        raise HTTPException(403)

    _, problem = await asked(create_app("m", settings, router=router), "GET", "/teapot")

    assert (problem["title"], problem["detail"]) == ("Forbidden", "Forbidden")
