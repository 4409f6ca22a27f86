"""`spec.llm` and `spec.prompts`: the language models of a system, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from arkalia_contract.llm import MAIN, Provider
from arkalia_operator.api.base import DNS_LABEL, ApiModel, rule, rule_on_keys, rules
from arkalia_operator.api.data import PositiveQuantity
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.placement import Placement

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


class ModelServerImage(ApiModel):
    """The image of the builtin model server."""

    repository: str = Field(
        default="ollama/ollama",
        min_length=1,
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self.matches('^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*$')",
                "must be a repository without scheme and tag: write for example ollama/ollama or "
                "images.example.com/mirror/ollama",
            )
        ),
    )
    """Its repository. One that names no host lies at `spec.images.registry`, or at docker.io where
    that is left out: the operator's own registry does not hold it."""

    tag: str = Field(
        default="0.17.4",
        max_length=128,
        json_schema_extra=rules(
            rule(
                "self.matches('^[A-Za-z0-9_][A-Za-z0-9._-]*$')",
                "must be the tag of an image: write for example 0.17.4, or 0.17.4-rocm for graphics "
                "cards of AMD",
            )
        ),
    )
    """Its tag. A digest in `spec.images.digests.ollama` wins over it."""


class ModelStorage(ApiModel):
    """The volume with the models. It can grow where its StorageClass allows it, and never shrink."""

    size: PositiveQuantity = "32Gi"
    """Size of the volume: all models together, and the largest of them once more while it is pulled
    anew. It can be raised later, where the StorageClass has `allowVolumeExpansion: true`."""

    storage_class_name: str | None = Field(default=None, min_length=1, max_length=253)
    """StorageClass of the volume. Default: the cluster's own. It cannot change once there is a
    volume."""


_GIVEN: Final = "has(self.mode) ? self.mode : 'none'"
_OF_EXTERNAL: Final = ("url", "provider", "apiKeySecret")
_OF_BUILTIN: Final = ("image", "storage", "resources", "placement")
_OF_BOTH: Final = ("models", "aliases", "fallback")


def _mode_rules() -> Iterator[dict[str, str]]:
    yield rule(
        f"({_GIVEN}) != 'external' || has(self.url)",
        "mode: external needs a model server: write url: with its base URL, for example "
        "http://ollama.models.svc:11434",
    )
    yield rule(
        f"({_GIVEN}) != 'builtin' || (has(self.models) && self.models.size() > 0)",
        "mode: builtin needs the models that the server shall have: write for example "
        'models: ["llama3.2:3b"]',
    )
    for mode, fields in (("external", _OF_EXTERNAL), ("builtin", _OF_BUILTIN)):
        for each in fields:
            yield rule(
                f"!has(self.{each}) || ({_GIVEN}) == '{mode}'",
                f"{each} has a meaning with mode: {mode} only: leave it out, or write mode: {mode}",
            )
    for each in _OF_BOTH:
        yield rule(
            f"!has(self.{each}) || ({_GIVEN}) != 'none'",
            f"{each} has a meaning where there is a model server: leave it out, or write "
            "mode: builtin or mode: external",
        )


class Llm(ApiModel):
    """The language models: which servers there are, and in which order they are asked."""

    mode: Literal["none", "builtin", "external"] = "none"
    """`none`: there is no model, and whoever asks is told so. `builtin`: an Ollama server that the
    operator runs, with the models that `models` names. `external`: model servers of yours."""

    provider: Provider | None = None
    """Whose API the first server speaks: `ollama`, or `openai` (the default) for every server that
    is compatible with it."""

    url: ServerUrl | None = None
    """Base URL of the first server, with or without `/v1` at the end."""

    models: list[ModelName] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Models that the first server is asked for. Default: all that it lists. A builtin server pulls
    each of them, keeps it in memory, and is ready once it has all."""

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

    image: ModelServerImage | None = None
    """Image of the builtin server. Default: `ollama/ollama` of a version that this operator knows."""

    storage: ModelStorage | None = None
    """Volume of the builtin server. Default: 32Gi. It ends with the system: models can be pulled
    again."""

    resources: ResourceRequirements | None = None
    """CPU, memory and graphics cards of the builtin server: `limits: {nvidia.com/gpu: 1}` for one.
    All models must fit into its memory together. Default: 500m and 2Gi are reserved, and there is no
    limit."""

    placement: Placement | None = None
    """Where the pod of the builtin server may run, for example on nodes with graphics cards. Replaces
    `spec.placement` field by field."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(*_mode_rules())}

    @property
    def volume(self) -> ModelStorage:
        """The volume of the builtin server."""
        return self.storage or ModelStorage()

    @property
    def server_image(self) -> ModelServerImage:
        """The image of the builtin server."""
        return self.image or ModelServerImage()

    def outside(self) -> Iterator[Server]:
        """The servers that the operator does not run, in the order in which they are asked."""
        if self.mode == "external" and self.url is not None:
            yield Server.model_construct(
                name=MAIN,
                provider=self.provider or "openai",
                url=self.url,
                models=self.models,
                api_key_secret=self.api_key_secret,
            )
        if self.mode != "none":
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
