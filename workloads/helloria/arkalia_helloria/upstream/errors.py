"""Why a pod gave no answer: what each says follows the name of its module, also to the client.

UpstreamError
├── NotSentError     no connection: nothing of the request has arrived
├── BrokenError      the connection ended, or what came is no HTTP
├── SilentError      no answer, or no more of it, in time
└── ClientLeftError  nobody waits for the answer any more
    └── SlowRequestError  the client sends no more of its request
"""

from typing import ClassVar


class UpstreamError(Exception):
    """A pod gave no answer that can be used."""

    outcome: ClassVar[str]
    """The label of `arkalia_gateway_upstream_requests_total`."""


class NotSentError(UpstreamError):
    """Nothing of the request has arrived."""

    outcome = "unreachable"


class BrokenError(UpstreamError):
    """The connection ended before the answer did."""

    outcome = "broken"


class SilentError(UpstreamError):
    """The time was over."""

    outcome = "late"


class ClientLeftError(UpstreamError):
    """Nobody waits any more; it says nothing about the pod."""

    outcome = "abandoned"


class SlowRequestError(ClientLeftError):
    """The client is there, and sends no more of its request."""
