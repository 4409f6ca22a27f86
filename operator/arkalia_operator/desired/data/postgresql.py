"""The builtin PostgreSQL: its settings, and what it takes from the node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired.data import keys
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.data.pods import resources
from arkalia_operator.desired.data.quoting import literal
from arkalia_operator.desired.data.servers import Server

IMAGE: Final = "postgresql"
PORT: Final = 5432
PORT_NAME: Final = "postgresql"
DATABASE: Final = "arkalia"
ADMIN: Final = "postgres"
SETTINGS_KEY: Final = "postgresql.conf"
READY: Final = "arkalia-postgresql-ready"
GRACE_SECONDS: Final = 60
"""A fast shutdown writes what is dirty first: at most shared_buffers."""

DEFAULTS: Final[Mapping[str, str]] = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "4MB",
    "max_connections": "200",
}
"""For a node of a few GiB. 9 modules with 4 connections and 3 pods each, as there are during a rollout
of all, are 108: PostgreSQL's own max_connections of 100 would refuse some of them."""

RESOURCES: Final = ResourceRequirements(
    requests={"cpu": "50m", "memory": "192Mi"}, limits={"memory": "1Gi"}
)


def parameters(system: ArkaliaSystem) -> dict[str, str]:
    """The parameters of the server, in a stable order."""
    return dict(sorted({**DEFAULTS, **system.spec.data.postgresql.parameters}.items()))


def server(system: ArkaliaSystem) -> Server:
    """The server that a builtin PostgreSQL is."""
    wanted = system.spec.data.postgresql
    lines = [f"{name} = {_value(each)}\n" for name, each in parameters(system).items()]
    return Server(
        service=DataService.POSTGRESQL,
        image=IMAGE,
        port=PORT,
        port_name=PORT_NAME,
        settings={SETTINGS_KEY: "".join(lines)},
        secrets=(keys.PASSWORD,),
        storage=wanted.volume,
        resources=resources(wanted.resources, RESOURCES),
        grace_seconds=GRACE_SECONDS,
        ready_command=READY,
    )


def _value(text: str) -> str:
    """*text* as postgresql.conf quotes it: as SQL does, and a backslash must be doubled."""
    return literal(text).removeprefix("E")
