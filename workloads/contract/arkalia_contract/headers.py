"""HTTP headers that carry a request's identity from part to part."""

from typing import Final

REQUEST_ID: Final = "X-Request-Id"
"""Names one request in all logs: letters, digits, `.`, `_`, `-`; at most 128 characters."""
TRACEPARENT: Final = "traceparent"
"""W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that the request is in."""
TIMEOUT: Final = "X-Request-Timeout"
"""How long the caller still waits for the answer: seconds, with up to three decimals."""
PRIORITY: Final = "Priority"
"""How urgent the request is (RFC 9218): `u=0` for the most urgent, `u=7` for the least."""

USER: Final = "Arkalia-User"
"""Stable id of the user for whom the gateway forwards a request; the gateway removes what comes
from outside, and so it does with the next three."""
ROLES: Final = "Arkalia-Roles"
"""The user's roles, separated by commas."""
SCOPES: Final = "Arkalia-Scopes"
"""What the caller may do, separated by spaces: the user's scopes, or those of the key."""
KEY: Final = "Arkalia-Key"
"""Id of the API key that was shown, if one was."""
PUBLIC_PATH: Final = "Arkalia-Path"
"""Path that the gateway's client asked for, as it came and without its query; it knows no other."""
API_KEY: Final = "X-Api-Key"
"""An API key, where a client cannot send it as `Authorization: Bearer`."""
FORWARDED_FOR: Final = "X-Forwarded-For"
"""Address of the client; the gateway writes it anew."""
