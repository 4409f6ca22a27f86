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
