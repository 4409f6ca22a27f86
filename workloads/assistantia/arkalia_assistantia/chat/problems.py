"""Why there is no answer, as a problem document that clients of OpenAI's and Ollama's API understand too."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from arkalia_assistantia.backends.errors import BrokenError, NoAnswerError, RefusedError
from arkalia_assistantia.chat.attaching import NotAttachedError, UploadsAwayError
from arkalia_assistantia.chat.checking import BlockedError
from arkalia_runtime import dialects
from arkalia_runtime.dialects import Dialect
from arkalia_runtime.problems import Problem

BLOCKED = "content_filter"


class Unanswered(Problem):
    """There is no answer; `code` says why in one word."""

    def __init__(self, dialect: Dialect, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail, code=code, **dialects.error(dialect, status, detail, code))
        self.code = code


@contextmanager
def told_in(dialect: Dialect) -> Iterator[None]:
    """Tell in *dialect* why the block gives no answer. Raises Unanswered."""
    try:
        yield
    except BlockedError as error:
        problem = Unanswered(dialect, HTTPStatus.BAD_REQUEST, BLOCKED, str(error))
        problem.members["prompt"] = error.told.model_dump()
        raise problem from error
    except NotAttachedError as error:
        raise Unanswered(dialect, HTTPStatus.BAD_REQUEST, "file_not_usable", str(error)) from error
    except UploadsAwayError as error:
        away = HTTPStatus.SERVICE_UNAVAILABLE
        raise Unanswered(dialect, away, "files_unavailable", str(error)) from error
    except RefusedError as error:
        detail = f"The model server {error}"
        raise Unanswered(dialect, HTTPStatus.BAD_REQUEST, "refused", detail) from error
    except NoAnswerError as error:
        problem = Unanswered(dialect, error.status, error.code, str(error))
        if error.retry_after is not None:
            problem.headers = {"Retry-After": f"{error.retry_after:.0f}"}
        raise problem from error
    except BrokenError as error:
        detail = f"The model server {error}."
        raise Unanswered(dialect, HTTPStatus.BAD_GATEWAY, "model_broken", detail) from error
