"""What the cross validation can be told."""

from pydantic import Field

from arkalia_runtime.settings import Port, Seconds, ServiceSettings


class ValidationSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8003

    validation_seconds: Seconds = Field(default=0.5, gt=0, le=10)
    """Seconds, up to 10, that the examination of one answer may take; what was not looked at then
    is told."""
