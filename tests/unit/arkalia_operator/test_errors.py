import json

import pytest

from arkalia_operator.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    ThrottledError,
    UnauthorizedError,
    UnavailableError,
    from_response,
    from_transport,
)


def answer(**fields):
    return json.dumps({"kind": "Status", **fields}).encode()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, GoneError),
        (422, InvalidError),
        (429, ThrottledError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_an_answer_becomes_the_error_of_its_status(status, expected):
    error = from_response(status, answer(reason="Because", message="it is so"))

    assert type(error) is expected
    assert (error.status, error.reason, error.message) == (status, "Because", "it is so")


def test_only_requests_that_would_be_refused_again_are_permanent():
    permanent = {each for each in ApiError.__subclasses__() if each.permanent}

    assert permanent == {ForbiddenError, InvalidError}


def test_a_field_that_the_schema_does_not_know_is_invalid_although_the_status_says_500():
    message = "failed to create typed patch object (/d): .spec.foo: field not declared in schema"

    error = from_response(500, answer(message=message))

    assert isinstance(error, InvalidError)
    assert error.permanent


def test_an_answer_that_is_no_json_is_quoted():
    error = from_response(502, b"<html>Bad gateway</html>")

    assert "Bad gateway" in error.message


def test_a_long_message_is_cut():
    error = from_response(422, answer(message="x" * 5000))

    assert len(error.message) == 1024


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), (None, 0.0), ("soon", 0.0)])
def test_a_throttled_answer_says_how_long_to_wait(header, seconds):
    error = from_response(429, answer(message="slow down"), header)

    assert error.retry_after == seconds


def test_a_time_out_without_words_still_has_a_message():
    error = from_transport(TimeoutError())

    assert "no answer in time" in str(error)
    assert not error.permanent
