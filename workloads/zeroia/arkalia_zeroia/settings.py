"""What the decision engine can be told."""

from arkalia_runtime.settings import Port, ServiceSettings


class DecisionSettings(ServiceSettings):
    """The settings of every service, with a port of its own."""

    port: Port = 8001
