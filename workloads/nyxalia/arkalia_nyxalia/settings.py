"""What the analytics can be told."""

from pydantic import Field

from arkalia_runtime.settings import Port, ServiceSettings


class AnalyticsSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8006

    keep_days: int = Field(default=400, ge=1, le=3660)
    """Days, 1 to 3660, for which the counts of an hour are kept."""
