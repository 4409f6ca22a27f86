"""What the tasks can be told."""

import re
from datetime import time
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from arkalia_runtime.settings import Port, Seconds, ServiceSettings

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        message = "must be a time of day: write for example 02:00"
        raise ValueError(message)
    return text


class TaskSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8007

    concurrency: int = Field(default=2, ge=1, le=64)
    """Tasks, 1 to 64, that one worker runs at once."""

    tasks_per_process: int = Field(default=50, ge=1, le=100_000)
    """Tasks, 1 to 100000, after which a worker's process is replaced by a new one."""

    soft_limit_seconds: int = Field(default=540, ge=1, le=86_400)
    """Seconds, 1 to 86400, after which a task is asked to end."""

    hard_limit_seconds: int = Field(default=600, ge=1, le=86_400)
    """Seconds, 1 to 86400, after which a task is killed. More than the soft limit."""

    clean_up_at: Annotated[str, AfterValidator(_clock)] = "02:00"
    """Time of day, UTC, at which finished tasks are removed."""

    keep_days: int = Field(default=30, ge=0, le=3650)
    """Days, 0 to 3650, that a finished task is kept."""

    canary_seconds: int = Field(default=300, ge=10, le=86_400)
    """Seconds, 10 to 86400, between two tasks that only prove that tasks are done."""

    open_tasks: int = Field(default=10_000, ge=1, le=1_000_000)
    """Most tasks, 1 to 1000000, that may wait or run: beyond that none is taken."""

    sweep_seconds: Seconds = Field(default=5, gt=0, le=300)
    """Seconds, up to 300, between two looks for tasks that were lost on their way."""

    @model_validator(mode="after")
    def _require_order(self) -> Self:
        if self.hard_limit_seconds <= self.soft_limit_seconds:
            message = "hard_limit_seconds must be more than soft_limit_seconds"
            raise ValueError(message)
        return self

    @property
    def clean_up_time(self) -> time:
        """`clean_up_at` as a time."""
        return time.fromisoformat(self.clean_up_at)
