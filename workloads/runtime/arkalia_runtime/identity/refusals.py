"""Why a request is not let in. The reason is for metrics and logs, the sentence for the caller.

A sentence tells what is wrong with the token, and nothing that its sender did not know: no
expected value, no name of a key, no other caller's rights.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import Final


class Reason(StrEnum):
    """What was wrong: the label of `arkalia_requests_refused_total`."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLAIMS = "claims"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    SUBJECT = "subject"
    CALLER = "caller"
    PATH = "path"
    UNVERIFIABLE = "unverifiable"


SENTENCES: Final = {
    Reason.MISSING: "This path needs a module's token, in the header `Authorization: Bearer ...`.",
    Reason.MALFORMED: "The Authorization header holds no token that can be read.",
    Reason.ALGORITHM: "The token is signed in a way that is not accepted.",
    Reason.UNKNOWN_KEY: "The token is signed with a key that the cluster does not publish.",
    Reason.SIGNATURE: "The token's signature is wrong.",
    Reason.EXPIRED: "The token has expired; read its file again.",
    Reason.NOT_YET_VALID: "The token is not valid yet; compare the clocks.",
    Reason.CLAIMS: "The token is no projected token of a pod: a claim is missing or unusable.",
    Reason.ISSUER: "The token was issued by another cluster.",
    Reason.AUDIENCE: "The token was made for another service.",
    Reason.SUBJECT: "The token belongs to no module of this system.",
    Reason.CALLER: "The module may not call this service: its module.yaml does not list the call.",
    Reason.PATH: "The module may not call this path: its module.yaml does not list it.",
    Reason.UNVERIFIABLE: "Tokens cannot be verified at the moment: keys or callers are unreadable.",
}

_STATUSES: Final = {
    Reason.CALLER: HTTPStatus.FORBIDDEN,
    Reason.PATH: HTTPStatus.FORBIDDEN,
    Reason.UNVERIFIABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


class RefusedError(Exception):
    """The request is not let in."""

    def __init__(self, reason: Reason, caller: str = "") -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason
        self.caller = caller
        """The module that asked, where that is certain."""

    @property
    def status(self) -> HTTPStatus:
        """401 if it is not known who asks, 403 if that one may not, 503 if nobody can be known."""
        return _STATUSES.get(self.reason, HTTPStatus.UNAUTHORIZED)

    @property
    def challenge(self) -> dict[str, str]:
        """Headers that say how to be let in (RFC 6750)."""
        if self.status is not HTTPStatus.UNAUTHORIZED:
            return {}
        error = "" if self.reason is Reason.MISSING else ' error="invalid_token"'
        return {"WWW-Authenticate": f"Bearer{error}"}
