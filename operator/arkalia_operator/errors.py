"""What can go wrong outside the pure core, as one tree.

    OperatorError
    ├── SettingsError              a variable of the environment cannot be used; the process ends
    ├── ResourcesNotServedError    the CRDs are not installed; the process ends
    └── ApiError                   the API server refused, or could not be reached
        ├── UnauthorizedError      401: the credentials are renewed, then it is tried again
        ├── ForbiddenError         403: a right is missing, or an admission rule or quota says no
        ├── NotFoundError          404
        ├── ConflictError          409: another version, another uid, another field manager
        │   └── TakenError         the name is taken by an object of somebody else
        ├── GoneError              410: the resource version is too old, list again
        ├── InvalidError           400, 405, 413, 415, 422: the object itself is wrong
        ├── ThrottledError         429: the API server asks to wait
        ├── UnavailableError       5xx, time-outs, cut connections: it may work in a moment
        └── NotLeadingError        not sent at all: another operator may be writing

Everything that aiohttp raises is translated once, here: the rest of the operator knows this tree
only. `permanent` says whether the same request would be refused again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import orjson

MESSAGE_LIMIT: Final = 1024
"""Longest message kept, in characters: it ends in a status or an Event."""
APPLY_TYPE_ERROR: Final = "failed to create typed patch object"
"""How the API server words a field that the schema does not know: with status 500."""


class OperatorError(Exception):
    """Everything that the operator itself raises."""


class SettingsError(OperatorError):
    """A variable of the environment cannot be used."""


class ResourcesNotServedError(OperatorError):
    """The API server does not serve the resources of this operator."""


class ApiError(OperatorError):
    """The API server refused a request, or could not be reached."""

    permanent: ClassVar[bool] = False

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{message} ({reason})" if reason else message)
        self.status = status
        """HTTP status; 0 if there was no answer."""
        self.reason = reason
        """Kubernetes' own word, for example `AlreadyExists`."""
        self.message = message


class UnauthorizedError(ApiError):
    """The credentials are not accepted (any more)."""


class ForbiddenError(ApiError):
    """A right is missing, or admission or a quota refuses the object."""

    permanent = True


class NotFoundError(ApiError):
    """The object, its namespace or its kind does not exist."""


class ConflictError(ApiError):
    """The object is not the one that the request was made for."""


class TakenError(ConflictError):
    """The name is taken by an object of somebody else."""

    permanent = True


class GoneError(ApiError):
    """The API server does not remember that resource version."""


class InvalidError(ApiError):
    """The object itself is wrong."""

    permanent = True


class ThrottledError(ApiError):
    """The API server asks to wait."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(status, reason, message)
        self.retry_after = 0.0
        """Seconds that the API server asked for; 0 if it named none."""


class UnavailableError(ApiError):
    """The API server is not there, overloaded or broken for the moment."""


class NotLeadingError(ApiError):
    """A write that was not sent: this process does not hold the lease, or not for certain."""

    def __init__(self) -> None:
        super().__init__(0, "NotLeading", "another operator may hold the lease: nothing is written")


BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    400: InvalidError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: InvalidError,
    409: ConflictError,
    410: GoneError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: ThrottledError,
}


def from_response(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """The error that an HTTP answer means. *body* is a `v1.Status`, or anything at all."""
    details = _status_object(body)
    message = str(details.get("message") or body.decode(errors="replace") or f"HTTP {status}")
    return from_status(status, str(details.get("reason", "")), message, retry_after)


def from_status(status: int, reason: str, message: str, retry_after: str | None = None) -> ApiError:
    """The error with HTTP *status*, also of an ERROR event inside a watch."""
    cause = InvalidError if APPLY_TYPE_ERROR in message else BY_STATUS.get(status, UnavailableError)
    error = cause(status, reason, message[:MESSAGE_LIMIT])
    if isinstance(error, ThrottledError):
        error.retry_after = _seconds(retry_after)
    return error


def from_transport(error: BaseException) -> UnavailableError:
    """The error that a broken connection, a failed handshake or a time-out means."""
    message = str(error) or "no answer in time"
    return UnavailableError(0, type(error).__name__, message[:MESSAGE_LIMIT])


def is_gone(error: ApiError) -> bool:
    """Whether a write was refused because the object with that uid is not there any more."""
    return isinstance(error, (NotFoundError, ConflictError)) or "metadata.uid" in error.message


def harmless(error: ApiError) -> str:
    """What may be told of *error* about a Secret: a refusal may quote the object, and its key."""
    return error.reason if isinstance(error, InvalidError) else error.message


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        details = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return details if isinstance(details, dict) else {}


def _seconds(text: str | None) -> float:
    """Seconds of a Retry-After header; the API server never sends the form with a date."""
    try:
        return max(0.0, float(text or 0))
    except ValueError:
        return 0.0
