"""What the record can be told."""

from pydantic import Field

from arkalia_runtime.settings import Port, Seconds, ServiceSettings


class RecordSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8008

    pull_wait_seconds: Seconds = Field(default=20, gt=0, le=30)
    """Seconds, up to 30, that a module may keep the record's request while it has no events."""

    pull_pause_seconds: Seconds = Field(default=5, gt=0, le=300)
    """Longest pause, up to 300 seconds, before a module that did not answer is asked again."""

    most_states: int = Field(default=10_000, ge=1)
    """Most documents of the shared state."""

    most_state_bytes: int = Field(default=262_144, ge=2)
    """Longest document of the shared state, in bytes."""
