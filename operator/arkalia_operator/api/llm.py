"""`spec.llm` and `spec.prompts`: the language models of a system, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from arkalia_contract.llm import MAIN, Provider
from arkalia_operator.api.base import DNS_LABEL, ApiModel, rule, rule_on_keys, rules

DEFAULT_KEY: Final = "apiKey"

ModelName = Annotated[
    str,
    Field(
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self.matches('^[A-Za-z0-9]([A-Za-z0-9._:/@+-]*[A-Za-z0-9])?$')",
                "must be a model as its server calls it: write for example llama3.2:3b",
            )
        ),
    ),
]
"""Name of a model, or of an alias."""

ServerUrl = Annotated[
    str,
    Field(
        max_length=512,
        json_schema_extra=rules(
            rule(
                "self.matches('^https?://([A-Za-z0-9.-]+|[[][0-9a-fA-F:]+[]])(:[0-9]{1,5})?(/[^?#@]*)?$')",
                "must be the base URL of a model server, without user, password and query: write for "
                "example http://ollama.models.svc:11434 or https://api.example.com/v1",
            )
        ),
    ),
]
"""Base URL of a model server."""


Models = Annotated[list[ModelName], Field(min_length=1, max_length=16)]
"""Models that an alias stands for."""


class ApiKeySecret(ApiModel):
    """A Secret of the system's namespace with an API key."""

    name: str = Field(min_length=1, max_length=253)
    """Name of the Secret."""

    key: str = Field(
        default=DEFAULT_KEY,
        min_length=1,
        max_length=253,
        json_schema_extra=rules(
            rule(
                "self.matches('^[-._a-zA-Z0-9]+$')",
                "must be a key of the Secret, of letters, digits, hyphens, underscores and dots: "
                "write for example apiKey",
            )
        ),
    )
    """Key of the Secret."""


class Server(ApiModel):
    """A further model server."""

    name: str = Field(
        max_length=63,
        json_schema_extra=rules(
            rule(
                f"self.matches('{DNS_LABEL}') && self != '{MAIN}'",
                "must be a lower-case word of letters, digits and hyphens other than main, which is "
                "the server of spec.llm.url: write for example second",
            )
        ),
    )
    """Its name in answers, metrics and log lines."""

    provider: Provider = "openai"
    """Whose API it speaks: `ollama`, or `openai` for every server that is compatible with it."""

    url: ServerUrl
    """Its base URL, with or without `/v1` at the end."""

    models: list[ModelName] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Models that it is asked for. Default: all that it lists."""

    api_key_secret: ApiKeySecret | None = None
    """The API key that it asks for. Default: none."""


_GIVEN: Final = "has(self.mode) ? self.mode : 'none'"
_OF_EXTERNAL: Final = ("url", "provider", "models", "apiKeySecret", "aliases", "fallback")


def _mode_rules() -> Iterator[dict[str, str]]:
    yield rule(
        f"({_GIVEN}) != 'external' || has(self.url)",
        "mode: external needs a model server: write url: with its base URL, for example "
        "http://ollama.models.svc:11434",
    )
    for each in _OF_EXTERNAL:
        yield rule(
            f"!has(self.{each}) || ({_GIVEN}) == 'external'",
            f"{each} has a meaning with mode: external only: leave it out, or write mode: external",
        )


class Llm(ApiModel):
    """The language models: which servers there are, and in which order they are asked."""

    mode: Literal["none", "external"] = "none"
    """`none`: there is no model, and whoever asks is told so. `external`: model servers of yours."""

    provider: Provider | None = None
    """Whose API the first server speaks: `ollama`, or `openai` (the default) for every server that
    is compatible with it."""

    url: ServerUrl | None = None
    """Base URL of the first server, with or without `/v1` at the end."""

    models: list[ModelName] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Models that it is asked for. Default: all that it lists."""

    api_key_secret: ApiKeySecret | None = None
    """The API key that it asks for. New content is used within two minutes and restarts no pod.
    Default: none."""

    aliases: dict[str, Models] = Field(
        default_factory=dict,
        max_length=64,
        json_schema_extra=rules(
            rule_on_keys(
                "key.size() <= 255 && key.matches('^[A-Za-z0-9]([A-Za-z0-9._:/@+-]*[A-Za-z0-9])?$')",
                "an alias is a name of a model: write for example gpt-4o",
            ),
        ),
    )
    """Models by another name, in the order in which they are asked for: `gpt-4o: [llama3.2:3b]`. The
    first alias is the model of a request that names none."""

    fallback: list[Server] = Field(
        default_factory=list,
        max_length=8,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
    """Further servers, asked in this order when those before them do not have the model or cannot
    answer."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(*_mode_rules())}

    def servers(self) -> Iterator[Server]:
        """All servers in the order in which they are asked."""
        if self.mode == "external" and self.url is not None:
            yield Server.model_construct(
                name=MAIN,
                provider=self.provider or "openai",
                url=self.url,
                models=self.models,
                api_key_secret=self.api_key_secret,
            )
            yield from self.fallback


class Prompts(ApiModel):
    """What becomes of what users write to a model."""

    policy: Literal["Observe", "Flag", "Block"] | None = None
    """What becomes of a prompt that looks like an attack. `Observe`: it passes, and its score is told.
    `Flag`: it is marked. `Block`: no model is asked, and answers are told once they were validated.
    Default: what the module itself is set to, `Flag` unless somebody changed it."""

    retention_days: int | None = Field(default=None, ge=1, le=3650)
    """Days after its last message until a conversation is deleted. Default: what the module itself is
    set to, 30 unless somebody changed it."""
