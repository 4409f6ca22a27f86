"""The schema that each module has in the database: which version made it, remembered beside it.

The database itself cannot be asked by the operator, and a system that is made anew over kept data
must know where that data stands. So this lies in a ConfigMap that is kept like the data.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Final

from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import ResolvedModule

DIGEST_LENGTH: Final = 16
NUMBER: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Schema:
    """What made the schema of a module."""

    version: str
    image: str
    database: str
    """Which database it lies in, see `Database`."""
    digest: str
    """Of everything that decides what the schema is, see `wanted_schema`."""


Schemas = Mapping[str, Schema]
"""By module, those that are known."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the schemas lie."""

    identity: str
    """Another one for another database: what is known of schemas holds in one database only."""
    provisioned_by: str
    """Name of the Job that makes roles and schemas in it."""
    lineage: str = ""
    """Which data this is, see `arkalia_contract.labels.LINEAGE`."""
    egress: tuple[Manifest, ...] = ()
    """Rules of a NetworkPolicy by which pods reach it."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of the schemas of one system."""

    schemas: Schemas = field(default_factory=dict)
    jobs: Mapping[str, str] = field(default_factory=dict)
    """By module: name of the Job that has succeeded."""
    working: frozenset[str] = frozenset()
    """Names of Jobs of which a pod runs: a migration that has begun is not broken off."""
    saved: bool = True
    """Whether all of it is written down: then the Jobs themselves are needed no more."""


def wanted_schema(module: ResolvedModule, database: Database) -> Schema:
    """The schema with which *module* works."""
    forward = module.spec.migrations.forward if module.spec.migrations else []
    text = json.dumps([module.image, forward, database.identity])
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    version = module.spec.image.tag or module.version
    return Schema(version, module.image, database.identity, digest)


def is_newer(one: str, other: str) -> bool:
    """Whether version *one* comes after *other*, number by number: 0.10.0 after 0.9.1."""
    return numbers(one) > numbers(other)


def written(schema: Schema) -> str:
    """*schema* as it is remembered."""
    return json.dumps(asdict(schema), sort_keys=True)


def read(text: str) -> Schema | None:
    """What `written` made; None if somebody else wrote it."""
    try:
        found = json.loads(text)
        return Schema(**{each.name: str(found[each.name]) for each in fields(Schema)})
    except (ValueError, TypeError, KeyError):
        return None


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of *version*, without what follows a hyphen or plus: 1.2.0-rc.1 counts as 1.2.0."""
    release = re.split(r"[-+]", version, maxsplit=1)[0]
    return tuple(map(int, NUMBER.findall(release)))
