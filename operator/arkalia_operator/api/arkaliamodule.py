"""ArkaliaModule: a module, described once.

The built-in ones are `workloads/<module>/module.yaml`; somebody else's is the same file, applied.
Part of the fields describe what later versions act on (calls, routes, migrations, signals,
control, events): the description is complete from the start so that no module file has to be
rewritten.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Argument, ModuleName, Path, rule, rules
from arkalia_operator.api.components import Component

PRESERVED: dict[str, Any] = {"x-kubernetes-preserve-unknown-fields": True}
Word = Annotated[str, Field(max_length=63)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


def keyed(*keys: str) -> dict[str, Any]:
    """A list that server-side apply merges by *keys*."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


class ModuleImage(ApiModel):
    """The image of a module's containers."""

    repository: str = Field(
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self.matches('^[a-z0-9][a-z0-9._-]*(:[0-9]+/[a-z0-9][a-z0-9._-]*)?"
                "(/[a-z0-9][a-z0-9._-]*)*$')",
                "must be the image's name without scheme, tag and digest: write for "
                "example images.example.com/team/weather, and the tag in image.tag",
            )
        ),
    )
    """Repository without tag. Without a registry host, `spec.images.registry` stands before it."""

    tag: str | None = Field(default=None, max_length=128)
    """Tag of the image. Default: the system's version."""


class KubernetesRule(ApiModel):
    """Rights in the system's own namespace that the module's ServiceAccount gets."""

    api_groups: list[Annotated[str, Field(max_length=253)]] = Field(min_length=1, max_length=16)
    """API groups; the empty string is the core group."""

    resources: list[Annotated[str, Field(max_length=253)]] = Field(min_length=1, max_length=32)
    """Plural names of the resources."""

    verbs: list[Word] = Field(min_length=1, max_length=16)
    """Verbs, for example `get`, `list`, `watch`."""


KEY_RULE = rule(
    "!((has(self.key) && self.key) || (has(self.firstCredential) && self.firstCredential)) || "
    "(has(self.postgresql) && self.postgresql)",
    "key and firstCredential belong to what a module keeps in the database: write "
    "postgresql: true, or leave them out",
)


class Needs(ApiModel):
    """What the module cannot work without.

    A system with a module whose need this version of Arkalia does not provide says so, and does
    not run it.
    """

    postgresql: bool = False
    """A role and a schema of its own in the system's database."""

    redis: list[Literal["queue", "cache"]] = Field(
        default_factory=list, max_length=2, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Redis roles it uses: `queue` (durable) and `cache` (evicting)."""

    key: bool = False
    """A secret of its own, of 256 bits, by which it protects what it keeps in the database. It is
    made once, lies in a file (`/etc/arkalia/key/key`), and is kept as long as the data."""

    first_credential: bool = False
    """Name and password of the first administrator, in two files below `/etc/arkalia/admin`. They
    are made once, and people read them in the Secret `<system>-admin`. Only a module of the
    catalogue gets them."""

    llm: bool = False
    """The system's language model."""

    kubernetes: list[KubernetesRule] = Field(default_factory=list, max_length=16)
    """Rights towards the API server. Without any, the pods have no token."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(KEY_RULE)}


class Call(ApiModel):
    """A call that the module may make to another."""

    module: ModuleName
    """Name of the called module."""

    paths: list[Path] = Field(default=["/*"], min_length=1, max_length=64)
    """Paths that it may call; `*` at the end stands for everything below."""


PublicPath = Annotated[
    str,
    Field(
        max_length=512,
        json_schema_extra=rules(
            rule(
                "self.matches('^/(api|v1)/[^/]')",
                "an alias lies below /api/ or /v1/: write for example /api/v1/greetings",
            )
        ),
    ),
]
"""A path that the gateway serves, from the root."""


class Route(ApiModel):
    """A path of the module that the gateway publishes below `/api/v1/<module>`."""

    path: Path
    """Path as the module serves it. `{name}` stands for one segment, `*` at the end for everything
    below."""

    methods: list[Method] = Field(
        default=["GET"],
        min_length=1,
        max_length=5,
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
    """HTTP methods by which the path may be asked."""

    scopes: list[Word] = Field(default_factory=list, max_length=16)
    """Scopes that a caller must have, all of them. None: every authenticated caller. `public`:
    everybody, also without saying who one is."""

    requests_per_second: int | None = Field(default=None, ge=1, le=100_000)
    """Requests a second for each caller. Default: the gateway's own limit."""

    answer_seconds: int | None = Field(default=None, ge=1, le=3600)
    """Seconds until an answer must have begun. Default: the gateway's own limit, a minute. A module
    whose answers may take longer ends them itself before, and says why."""

    free_text: bool = False
    """Whether its bodies hold what people or models write freely, such as prompts or passwords: then
    the edge's request filter does not take code in them for an attack. The module judges them."""

    alias: list[PublicPath] = Field(
        default_factory=list, max_length=8, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Further public paths of the route, from the root, for example `/v1/models`: with the same
    parameters as `path`. Of two modules that want the same one, a built-in module gets it, and else
    the first by name; below `/api/v1/<module>` each has its own."""


class Migrations(ApiModel):
    """How the module's schema moves between versions: by a Job that runs before its pods change."""

    forward: list[Argument] = Field(min_length=1, max_length=32)
    """Command that brings the schema to this version, as a whole or not at all. It may run again
    when there is nothing to do."""

    back: list[Argument] = Field(min_length=1, max_length=32)
    """Command that brings the schema back to the version in `ARKALIA_TARGET_VERSION`, as a whole
    or not at all. It runs in the image of the newer version."""


class Signal(ApiModel):
    """A number that tells how the module is, watched by the decision engine."""

    name: Word
    """Name of the signal, unique in the module."""

    metric: str | None = Field(default=None, max_length=255)
    """Name of a metric that the module exposes. Excludes `query`."""

    query: str | None = Field(default=None, max_length=2048)
    """A PromQL query. Excludes `metric`."""

    direction: Literal["HighIsBad", "LowIsBad", "BothAreBad"] = "HighIsBad"
    """Which deviation from the usual is bad."""

    season: Literal["None", "Hourly", "Daily", "Weekly"] = "None"
    """The rhythm in which the signal repeats itself."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "has(self.metric) != has(self.query)",
                "a signal has either metric or query: write exactly one of them",
            )
        )
    }


class ControlVerb(ApiModel):
    """An action that the module carries out on `POST /control/actions`."""

    verb: Word
    """Name of the action, for example `ShedLoad`."""

    arguments: dict[str, Any] = Field(default_factory=dict, json_schema_extra=PRESERVED)
    """JSON schema of its arguments."""

    reversible: bool = False
    """Whether it can be undone; only such actions may run without a person."""


class ModuleScaling(ApiModel):
    """How the module scales where the system does not say."""

    min_replicas: int = Field(default=1, ge=1, le=1000)
    """Fewest pods."""

    max_replicas: int = Field(default=3, ge=1, le=1000)
    """Most pods."""

    target_cpu_utilization_percentage: Annotated[
        int, Field(alias="targetCPUUtilizationPercentage")
    ] = Field(default=70, ge=1, le=100)
    """Average CPU use to steer to, in percent of the CPU request."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "(has(self.minReplicas) ? self.minReplicas : 1) "
                "<= (has(self.maxReplicas) ? self.maxReplicas : 3)",
                "minReplicas (default 1) must not be greater than maxReplicas (default 3): lower "
                "minReplicas or raise maxReplicas",
            )
        )
    }


class EventType(ApiModel):
    """An event type with the version of its schema."""

    type: str = Field(max_length=253)
    """Name of the type, for example `io.arkalia.decision.made`."""

    schema_version: int = Field(default=1, ge=1, le=1000)
    """Version of the data's schema."""


class Events(ApiModel):
    """What the module says and hears."""

    emits: list[EventType] = Field(
        default_factory=list, max_length=64, json_schema_extra=keyed("type")
    )
    """Event types that it publishes."""

    consumes: list[EventType] = Field(
        default_factory=list, max_length=64, json_schema_extra=keyed("type")
    )
    """Event types that it reads."""

    records: bool = False
    """Whether it keeps the record: it may read `/events/outbox` of every module with a schema of
    its own in the database, somebody else's included."""


class ModuleMonitoring(ApiModel):
    """What Prometheus and Grafana get for the module."""

    rules: list[dict[str, Any]] = Field(
        default_factory=list,
        max_length=64,
        json_schema_extra={"items": {"type": "object"} | PRESERVED},
    )
    """Alerting and recording rules, in Prometheus's form. `$(system)`, `$(namespace)` and
    `$(module)` are replaced."""

    dashboard: dict[str, Any] = Field(default_factory=dict, json_schema_extra=PRESERVED)
    """A Grafana dashboard. `$(system)`, `$(namespace)` and `$(module)` are replaced."""

    @cached_property
    def dashboard_text(self) -> str:
        """The dashboard as JSON: it is large, and the same for every system until it is filled in."""
        return json.dumps(self.dashboard, indent=1, sort_keys=True)


MAIN_RULE = rule(
    "self.exists(component, component.name == 'main')",
    "one component must be called main, the one that the module's Service leads to: write "
    "name: main",
)
SERVED_RULE = rule(
    "(!(has(self.public) && self.public) && (!has(self.routes) || self.routes.size() == 0)) "
    "|| self.components.exists(component, component.name == 'main' && has(component.port))",
    "a module that is public or has routes serves HTTP: write the port of component main, for "
    "example port: 8000",
)


SCHEMA_RULE = rule(
    "!has(self.migrations) || (has(self.needs) && has(self.needs.postgresql) && "
    "self.needs.postgresql)",
    "migrations move the module's schema in the database: write needs: {postgresql: true}, or "
    "leave migrations out",
)


class ArkaliaModuleSpec(ApiModel):
    """What the module is, needs and offers."""

    image: ModuleImage
    """Image of all its components."""

    components: list[Component] = Field(
        min_length=1, max_length=8, json_schema_extra=keyed("name") | rules(MAIN_RULE)
    )
    """Its Deployments, `main` first."""

    public: bool = False
    """Whether users' traffic enters the system here: it may be called from everywhere that
    `spec.security.networkPolicies.ingressFrom` allows, and may call every module with routes."""

    needs: Needs = Needs()
    """What it cannot work without."""

    calls: list[Call] = Field(
        default_factory=list, max_length=32, json_schema_extra=keyed("module")
    )
    """Modules and paths that it may call; every other call is refused."""

    routes: list[Route] = Field(
        default_factory=list, max_length=64, json_schema_extra=keyed("path")
    )
    """Paths that the gateway publishes below `/api/v1/<module>`."""

    migrations: Migrations | None = None
    """How its schema moves between versions."""

    signals: list[Signal] = Field(
        default_factory=list, max_length=64, json_schema_extra=keyed("name")
    )
    """Numbers that tell how it is, each with the deviation that is bad."""

    control: list[ControlVerb] = Field(
        default_factory=list, max_length=32, json_schema_extra=keyed("verb")
    )
    """Actions that it carries out on itself."""

    scaling: ModuleScaling | None = None
    """Automatic scaling of the scalable components. Without it, their `replicas` hold."""

    events: Events = Events()
    """Event types that it publishes and reads."""

    monitoring: ModuleMonitoring = ModuleMonitoring()
    """Rules for Prometheus and a dashboard for Grafana."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(SERVED_RULE, SCHEMA_RULE)}
