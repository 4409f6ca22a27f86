"""`spec.data`: where the modules keep their data: PostgreSQL, and Redis in two roles."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Quantity, rule, rule_on_keys, rules
from arkalia_operator.api.modules import ResourceRequirements

OWNED_PARAMETERS: Final = (
    "listen_addresses", "port", "data_directory", "hba_file", "ident_file", "config_file",
    "unix_socket_directories", "password_encryption", "external_pid_file", "include", "include_dir",
    "include_if_exists", "archive_command", "archive_library", "restore_command",
    "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries",
    "dynamic_library_path", "krb_server_keyfile", "search_path",
)  # fmt: skip
"""Parameters that the operator or the image sets, or by which a command or a library of somebody
else would run in the server. All that begin with `ssl` are the operator's too."""
_OWNED: Final = ", ".join(f"'{each}'" for each in OWNED_PARAMETERS)
NOT_OWNED_RULE: Final = rule_on_keys(
    f"!(key in [{_OWNED}]) && !key.startsWith('ssl')",
    "connections, TLS, files and libraries of the server are the operator's: leave it out, or "
    "run a PostgreSQL of your own with mode: external",
)
PARAMETER_NAMES_RULE: Final = rule_on_keys(
    "key.matches('^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$')",
    "a parameter is called as PostgreSQL's documentation calls it, in lower-case letters: write "
    "for example work_mem",
)
PARAMETER_VALUES_RULE: Final = rule_on_keys(
    "!self[key].matches('[\\\\x00-\\\\x1f]')",
    "a parameter's value is one line: write for example 4MB",
)

PositiveQuantity = Annotated[
    Quantity,
    Field(
        json_schema_extra={"x-kubernetes-int-or-string": True}
        | rules(
            rule(
                "isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",
                "must be a quantity of bytes greater than zero: write for example 256Mi or 8Gi",
            )
        )
    ),
]
"""A quantity of bytes: `256Mi`, `8Gi`."""


class SecretName(ApiModel):
    """A Secret of the system's namespace."""

    name: str = Field(min_length=1, max_length=253)
    """Name of the Secret."""


DEFAULT_SIZE: Final = "8Gi"


class Storage(ApiModel):
    """A volume. It can grow where its StorageClass allows it, and never shrink."""

    size: PositiveQuantity = DEFAULT_SIZE
    """Size of the volume. It can be raised later, where the StorageClass has
    `allowVolumeExpansion: true`; a smaller one is refused."""

    storage_class_name: str | None = Field(default=None, min_length=1, max_length=253)
    """StorageClass of the volume. Default: the cluster's own. It cannot change once there is a
    volume."""


def _only(mode: str, *fields: str) -> list[dict[str, str]]:
    """CEL rules: each of *fields* has a meaning in *mode* only, where mode's default is builtin."""
    given = "has(self.mode) ? self.mode : 'builtin'"
    return [
        rule(
            f"!has(self.{each}) || ({given}) == '{mode}'",
            f"{each} has a meaning with mode: {mode} only: leave it out, or write mode: {mode}",
        )
        for each in fields
    ]


class PostgreSQL(ApiModel):
    """The relational database: one role and one schema for each module."""

    mode: Literal["builtin", "external", "cnpg"] = "builtin"
    """`builtin`: one instance that the operator runs, for trying out and small use; while it
    restarts it serves nothing. `external`: a PostgreSQL of yours, named by `secret`. `cnpg`: a
    Cluster of CloudNativePG, which must be installed."""

    instances: int | None = Field(default=None, ge=1, le=16)
    """Instances, with mode `cnpg` only. Default: 3."""

    storage: Storage | None = None
    """Volume of each instance, with modes `builtin` and `cnpg`. Default: 8Gi."""

    secret: SecretName | None = None
    """With mode `external`: the Secret that says where the database is and who may administer it.
    Its keys are host, port, database, username, password, and ca.crt where the server's certificate
    is not signed by the system's own authority."""

    parameters: dict[str, Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict,
        max_length=64,
        json_schema_extra=rules(NOT_OWNED_RULE, PARAMETER_NAMES_RULE, PARAMETER_VALUES_RULE),
    )
    """Parameters of the server by name, as in postgresql.conf; they replace the defaults
    shared_buffers 256MB, effective_cache_size 1GB, work_mem 4MB and max_connections 200. A change
    restarts a builtin server."""

    resources: ResourceRequirements | None = None
    """CPU and memory of each instance."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!has(self.mode) || self.mode != 'external' || has(self.secret)",
                "an external PostgreSQL must be named: write secret: {name: ...} with the Secret "
                "that holds host, port, database, username and password",
            ),
            *_only("external", "secret"),
            *_only("cnpg", "instances"),
            rule(
                "!has(self.mode) || self.mode != 'external' || !(has(self.storage) || "
                "has(self.resources) || (has(self.parameters) && self.parameters.size() > 0))",
                "an external PostgreSQL has its own storage, resources and parameters: leave them "
                "out",
            ),
        )
    }

    @property
    def volume(self) -> Storage:
        """The volume of each instance."""
        return self.storage or Storage()


class RedisQueue(ApiModel):
    """Redis for what must not be lost: task queues and wake-ups. It evicts nothing."""

    storage: Storage | None = None
    """Volume of the append-only file. Default: 8Gi."""

    max_memory: PositiveQuantity | None = None
    """Memory for data, in bytes; when it is full, writes are refused. Default: 256Mi."""

    secret: SecretName | None = None
    """With mode `external`: the Secret that says where Redis is and who may administer it. Its keys
    are host, port, username, password, and ca.crt where the server's certificate is not signed by
    the system's own authority."""

    resources: ResourceRequirements | None = None
    """CPU and memory."""

    @property
    def volume(self) -> Storage:
        """The volume of the append-only file."""
        return self.storage or Storage()


class RedisCache(ApiModel):
    """Redis for what can be made again. It evicts what was not used for the longest time."""

    max_memory: PositiveQuantity | None = None
    """Memory for data, in bytes; when it is full, the oldest is evicted. Default: 256Mi."""

    secret: SecretName | None = None
    """With mode `external`: as for the queue."""

    resources: ResourceRequirements | None = None
    """CPU and memory."""


_EXTERNAL: Final = "has(self.mode) && self.mode == 'external'"


_OWN: Final = {
    "queue": ("storage", "maxMemory", "resources"),
    "cache": ("maxMemory", "resources"),
}
"""What an external Redis decides by itself, by role."""


def _rules_of_role(role: str) -> list[dict[str, str]]:
    own = " || ".join(f"has(self.{role}.{each})" for each in _OWN[role])
    return [
        rule(
            f"!({_EXTERNAL}) || (has(self.{role}) && has(self.{role}.secret))",
            f"an external Redis must be named for each role: write {role}: {{secret: {{name: ...}}}} "
            "with the Secret that holds host, port, username and password",
        ),
        rule(
            f"({_EXTERNAL}) || !has(self.{role}) || !has(self.{role}.secret)",
            f"{role}.secret has a meaning with mode: external only: leave it out, or write "
            "mode: external",
        ),
        rule(
            f"!({_EXTERNAL}) || !has(self.{role}) || !({own})",
            f"an external Redis has its own storage, memory and resources: leave them out of {role}",
        ),
    ]


class Redis(ApiModel):
    """Redis in two roles, each an instance of its own: one user and key prefix for each module."""

    mode: Literal["builtin", "external"] = "builtin"
    """`builtin`: instances that the operator runs. `external`: Redis of yours, one for each role;
    it must be of version 7 or later, and keep its users in a file (`aclfile`)."""

    queue: RedisQueue = RedisQueue()
    """For what must not be lost: task queues and wake-ups. It evicts nothing."""

    cache: RedisCache = RedisCache()
    """For what can be made again. It evicts what was not used for the longest time."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(*_rules_of_role("queue"), *_rules_of_role("cache"))
    }


class Credentials(ApiModel):
    """The passwords by which modules reach their data. The operator makes and keeps them."""

    revision: int = Field(default=1, ge=1, le=1_000_000_000)
    """Raise it, and every module gets new passwords; the old ones end when nobody uses them any
    more. No request fails by it, and no pod restarts."""


class Data(ApiModel):
    """Where the modules keep their data. Only what an enabled module needs is there."""

    postgresql: PostgreSQL = PostgreSQL()
    """The relational database: one role and one schema for each module."""

    redis: Redis = Redis()
    """Redis in two roles, each an instance of its own: `queue` and `cache`."""

    credentials: Credentials = Credentials()
    """The passwords by which modules reach their data. The operator makes and keeps them."""


def _never_smaller(mode: str, storage: str) -> dict[str, str]:
    """A rule of the whole resource: the volume at *storage* is asked for with no smaller a size.

    Unless another kind of server is asked for, with a volume of its own, or the volume could not
    grow: then the spec must have a way back.
    """
    modes = [_said(each, f"spec.data.{mode}", "'builtin'") for each in ("self", "oldSelf")]
    new, old = (
        f"quantity({_said(each, f'spec.data.{storage}.size', repr(DEFAULT_SIZE), as_text=True)})"
        for each in ("self", "oldSelf")
    )
    refused = (
        "(has(oldSelf.status) && has(oldSelf.status.conditions) && "
        "oldSelf.status.conditions.exists(each, each.type == 'DataReady' && "
        "each.reason == 'VolumeCannotChange'))"
    )
    return rule(
        f"{modes[0]} != {modes[1]} || {modes[0]} == 'external' || {refused} "
        f"|| !{new}.isLessThan({old})",
        "a volume never shrinks: write the present size or a larger one; to get a smaller volume, "
        "move the data into a new system",
    ) | {"fieldPath": f".spec.data.{storage}"}


def _said(root: str, path: str, default: str, *, as_text: bool = False) -> str:
    """What *root* says at *path*, or *default*: an optional's size would not be known to CEL."""
    steps = path.split(".")
    places = [".".join((root, *steps[: end + 1])) for end in range(len(steps))]
    there = " && ".join(f"has({each})" for each in places)
    value = f"string({places[-1]})" if as_text else places[-1]
    return f"({there} ? {value} : {default})"


STORAGE_RULES: Final = (
    _never_smaller("postgresql.mode", "postgresql.storage"),
    _never_smaller("redis.mode", "redis.queue.storage"),
)
"""Rules of the whole resource, since they look at its status too."""

DeletionPolicy = Literal["Retain", "Delete"]
