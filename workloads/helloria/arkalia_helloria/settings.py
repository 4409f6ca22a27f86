"""What the gateway can be told."""

from arkalia_runtime.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    public: bool = True
    """Everybody may come to the gateway: it asks them itself who they are."""
