"""What is known of a system's data services when its objects are rendered: nothing secret.

The Secrets are made and read before (`runtime.data`); what is rendered names them, and the part of
them that must have been applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

DIGEST_LENGTH: Final = 12


class DataService(StrEnum):
    """A service that keeps data for the modules of a system."""

    POSTGRESQL = "postgresql"
    QUEUE = "redis-queue"
    CACHE = "redis-cache"


BLOCKS: Final = {
    DataService.POSTGRESQL: "spec.data.postgresql",
    DataService.QUEUE: "spec.data.redis.queue",
    DataService.CACHE: "spec.data.redis.cache",
}
"""Where a system says what it wants of a service."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a data service answers."""

    host: str
    port: int
    database: str = ""
    """Name of the database; empty for Redis."""
    authorities: str = ""
    """Certificates of the authorities that sign the server's, PEM; empty: the system's own."""

    @property
    def digest(self) -> str:
        """Another one for another endpoint."""
        return digest(self.host, str(self.port), self.database, self.authorities)


@dataclass(frozen=True, slots=True)
class Access:
    """One data service that can be used, or will be once what is rendered runs."""

    endpoint: Endpoint
    provision: str
    """Key of its Secret: what must be applied to it so that the modules may use it."""
    database: str
    """Short word, another one when it is another database: another server, or a new volume."""


@dataclass(frozen=True, slots=True)
class DataAccess:
    """The data services of one system."""

    lineage: str = ""
    """Which data this is: uid of the system that began it. Volumes and Secrets carry it."""
    services: Mapping[DataService, Access] = field(default_factory=dict)
    """Those that are needed, and of which is known where they are."""
    unknown: frozenset[DataService] = frozenset()
    """Those that are needed, and cannot be used for now: what there is of them stays as it is."""
    kept: frozenset[str] = frozenset()
    """Names of objects that stay although nothing is rendered for them."""

    @property
    def needed(self) -> frozenset[DataService]:
        """Every data service that the system needs."""
        return frozenset(self.services) | self.unknown


def digest(*parts: str) -> str:
    """A short word for *parts*, another one for other parts."""
    text = "\0".join(parts)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
