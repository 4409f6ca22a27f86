"""Which requests may be sent again, and after which answers that is worth it."""

from http import HTTPStatus
from typing import Final

REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose request may arrive twice (RFC 9110, 9.2.2)."""

UNAVAILABLE: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
"""With them a pod says that it cannot answer now; another one may."""
