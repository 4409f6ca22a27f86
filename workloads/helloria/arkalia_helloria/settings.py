"""What the gateway can be told."""

from pydantic import Field

from arkalia_runtime.settings import Seconds, ServiceSettings


class GatewaySettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    public: bool = True
    """Everybody may come to the gateway: it asks them itself who they are."""

    stop_seconds: int = Field(default=240, ge=1, le=3600)
    """Seconds, 1 to 3600, that requests in flight get when the gateway stops: as long as an answer
    may stream. With `drain_seconds` it must be less than the pod's termination grace period."""

    answer_seconds: Seconds = Field(default=60, gt=0, le=3600)
    """Seconds, up to 3600, until a module must have begun to answer, where its route says nothing
    else (`answerSeconds`); and until a request must have come whole."""

    silence_seconds: Seconds = Field(default=120, gt=0, le=3600)
    """Seconds, up to 3600, that an answer may pause once it has begun, and that its client may take
    nothing of it."""

    max_header_bytes: int = Field(default=32 * 1024, ge=1024, le=1024 * 1024)
    """Longest head of a request or of a pod's answer, in bytes, 1024 to 1048576: its first line and its
    headers. Modules must allow some more."""

    max_requests: int = Field(default=20_000, ge=1, le=1_000_000)
    """Most requests, 1 to 1000000, that are forwarded at once: beyond that the gateway answers 503."""

    requests_per_second: float = Field(default=10, gt=0, le=1_000_000, allow_inf_nan=False)
    """Requests a second, up to 1000000, of one API key, or of one user without a key, on routes
    that have no limit of their own. Two seconds of it may be used at once."""

    unknown_requests_per_second: float = Field(default=5, gt=0, le=1_000_000, allow_inf_nan=False)
    """Requests a second, up to 1000000, of one address that do not say who asks, or say it wrongly."""

    cache_bytes: int = Field(default=32 * 1024 * 1024, ge=0, le=1024**3)
    """Memory, in bytes up to 1 GiB, for answers that say they may be kept; 0: none is kept, and none
    is shared with other gateways."""

    cache_answers: int = Field(default=10_000, ge=1, le=1_000_000)
    """Most answers, 1 to 1000000, that are kept in that memory."""

    cache_answer_bytes: int = Field(default=256 * 1024, ge=1, le=16 * 1024 * 1024)
    """Longest body, 1 to 16777216 bytes, of an answer that is kept."""
