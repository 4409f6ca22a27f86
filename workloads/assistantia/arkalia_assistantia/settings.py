"""What the assistant can be told."""

from typing import Literal

from arkalia_runtime.settings import Port, ServiceSettings


class AssistantSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8005

    prompts_policy: Literal["Observe", "Flag", "Block"] = "Flag"
    """What becomes of a prompt that looks like an attack: `Observe` lets it pass and tells its score,
    `Flag` marks it, `Block` says that the model must not be asked."""
