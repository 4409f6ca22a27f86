"""Why a call got no answer that can be used.

CallError                   a problem (502 to 504) for whoever asked this service
├── NotCallableError        the module's description does not list the call
├── UnavailableError        no connection, a broken one, or an answer of 502 to 504
├── OpenBreakerError        not asked: the module did not answer others before
└── LateError               no answer within the time that was left
    └── HurriedError        which was too little for the callee to be to blame

A route that can do without the answer catches CallError; one that cannot lets it through.
"""

from http import HTTPStatus
from typing import ClassVar

from arkalia_runtime.problems import Problem


class CallError(Problem):
    """A call got no answer."""

    outcome: ClassVar[str]
    """The label of `arkalia_calls_total`."""
    answered_with: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, callee: str, sentence: str) -> None:
        super().__init__(self.answered_with, sentence, callee=callee)
        self.callee = callee


class NotCallableError(CallError):
    """The callee is none of those that this module may call."""

    outcome = "not_callable"
    answered_with = HTTPStatus.BAD_GATEWAY


class UnavailableError(CallError):
    """The callee cannot be reached, or says that it cannot answer."""

    outcome = "unavailable"


class OpenBreakerError(CallError):
    """The callee was not asked, because it has not answered for a while."""

    outcome = "breaker_open"


class LateError(CallError):
    """The time was over."""

    outcome = "late"
    answered_with = HTTPStatus.GATEWAY_TIMEOUT


class HurriedError(LateError):
    """The time that whoever asks gives was over before an answer could be expected."""
