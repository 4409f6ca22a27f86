"""Why a model server gives no answer that can be used.

BackendError          what one server did; another may be asked as long as nothing was said
├── UnreachableError  no connection, an answer of 5xx, or silence: it is left alone for a while
│   └── SilentError   silence: it is not asked again for the same question, which has waited enough
├── FailedError       it is there and answers 5xx: that may be the request's fault
├── HurriedError      whoever asks does not wait for longer: that is not the server's fault
├── BusyError         it says that it has too much to do
│   └── QueuedError   the queue before it is full, or was too long
├── UnsuitableError   it does not have the model, or does not take the key
│   └── UnsupportedError  it has no way to do what is asked: to ask again changes nothing
└── BrokenError       it stopped in the middle of its answer
    └── CutError      it was stopped: whoever asks does not wait for longer
RefusedError          it understood the request, and says that it is wrong: nobody else is asked
NoAnswerError         the end: none of them could answer
"""

from http import HTTPStatus


class BackendError(Exception):
    """A server gave no answer; the message is a sentence without the server's name."""

    reason = "failed"
    """The label of `arkalia_model_tries_total`."""


class UnreachableError(BackendError):
    """It cannot be reached, fails, or says nothing in time."""

    reason = "unreachable"


class SilentError(UnreachableError):
    """It says nothing in time."""


class FailedError(BackendError):
    """It answers with an error of its own."""


class HurriedError(BackendError):
    """It has not answered in the time that whoever asks gives it."""

    reason = "hurried"


class BusyError(BackendError):
    """It has too much to do."""

    reason = "busy"


class QueuedError(BusyError):
    """There was no turn at it in time."""


class UnsuitableError(BackendError):
    """It cannot answer this, now and later."""

    reason = "unsuitable"

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """Of its answer, if it is one."""


class UnsupportedError(UnsuitableError):
    """It has no way to do what is asked."""


class BrokenError(BackendError):
    """Its answer has no end."""

    reason = "broken"


class CutError(BrokenError):
    """Its answer takes longer than whoever asks waits."""


class RefusedError(Exception):
    """The request is wrong, says the server that was asked."""

    reason = "refused"

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class NoAnswerError(Exception):
    """No server could answer; the message says of each what it did."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after
