"""Every derived object name, and nowhere else a name is put together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from arkalia_contract import identity

MAIN: Final = "main"
"""The component that carries its module's name."""
LONGEST: Final = 63
"""What a Service and a label value may have; the other kinds take more."""
DIGEST_LENGTH: Final = 8
LONGEST_ROLE: Final = 63 - len("_migrations")
"""What PostgreSQL leaves of a name for a module's roles, which all begin alike."""


OWN: Final = frozenset({
    "admin", "authority", "trust", "schemas", "migrating", "llm",
    "edge", "edge-tls", "edge-pods", "edge-dashboard",
    "postgresql", "postgresql-provisioning",
    "redis-queue", "redis-queue-provisioning", "redis-cache", "redis-cache-provisioning",
})  # fmt: skip
"""What no module can be called: objects of the system as a whole have these names."""


def module(system: str, module_name: str) -> str:
    """What belongs to a module as a whole: ServiceAccount, ConfigMap, NetworkPolicy."""
    return _bounded(f"{system}-{module_name}")


def component(system: str, module_name: str, component_name: str) -> str:
    """What belongs to one component: Deployment, Service, autoscaler, disruption budget."""
    if component_name == MAIN:
        return module(system, module_name)
    return _bounded(f"{system}-{module_name}-{component_name}")


def pods(system: str, module_name: str) -> str:
    """The headless Service by which the gateway finds each pod of a module."""
    return _bounded(f"{system}-{module_name}-pods")


def dashboard(system: str, module_name: str) -> str:
    """The ConfigMap of a module's dashboard."""
    return _bounded(f"{system}-{module_name}-dashboard")


def tls(system: str, module_name: str) -> str:
    """The Secret of a module's certificate."""
    return _bounded(f"{system}-{module_name}-tls")


def migration(system: str, module_name: str, digest: str) -> str:
    """A Job that moves a module's schema."""
    return _bounded(f"{system}-{module_name}-migrate-{digest}")


def migrations(system: str, module_name: str) -> str:
    """The Secret by which the migrations of a module reach the database."""
    return _bounded(f"{system}-{module_name}-migrations")


def migrating(system: str) -> str:
    """The policy of all pods that move schemas."""
    return f"{system}-migrating"


def schemas(system: str) -> str:
    """The ConfigMap that remembers what made each module's schema."""
    return f"{system}-schemas"


def authority(system: str) -> str:
    """The Secret of the authority that signs a system's certificates."""
    return f"{system}-authority"


def trust(system: str) -> str:
    """The ConfigMap by which the parts of a system check each other."""
    return identity.trust(system)


def exposure(system: str) -> str:
    """Ingress, HTTPRoute and BackendTLSPolicy: no module has an object of these kinds."""
    return system


def edge(system: str) -> str:
    """What belongs to the reverse proxy before the public module."""
    return f"{system}-edge"


def edge_tls(system: str) -> str:
    """The Secret of the certificate by which its parts know the edge."""
    return f"{edge(system)}-tls"


def edge_pods(system: str) -> str:
    """The headless Service by which the public module knows each pod of the edge."""
    return f"{edge(system)}-pods"


def edge_dashboard(system: str) -> str:
    """The ConfigMap of the edge's dashboard."""
    return f"{edge(system)}-dashboard"


def data(system: str, module_name: str) -> str:
    """The Secret by which a module reaches its data."""
    return _bounded(f"{system}-{module_name}-data")


def key(system: str, module_name: str) -> str:
    """The Secret by which a module protects what it keeps."""
    return _bounded(f"{system}-{module_name}-key")


def admin(system: str) -> str:
    """The Secret of the first administrator."""
    return identity.administrator(system)


def model_server(system: str) -> str:
    """What belongs to the builtin model server: StatefulSet, Service, volume, policy."""
    return f"{system}-llm"


def data_service(system: str, service: str) -> str:
    """What belongs to a data service: its server, its volume, its Secret of credentials."""
    return f"{system}-{service}"


def provisioning(system: str, service: str, digest: str) -> str:
    """The Job that applies what *digest* stands for to a data service."""
    return f"{system}-{service}-{digest}"


def schema(module_name: str) -> str:
    """The schema of a module: no two modules have the same, since a name has no underscore."""
    return module_name.replace("-", "_")


def role(system: str, module_name: str) -> str:
    """The group role of a module: it may read and write the rows of its schema."""
    return _bounded(f"{system}_{module_name}", LONGEST_ROLE)


def role_of_slot(system: str, module_name: str, slot: int) -> str:
    """A login of a module."""
    return f"{role(system, module_name)}_{slot}"


def role_of_migrations(system: str, module_name: str) -> str:
    """The role that owns a module's schema."""
    return f"{role(system, module_name)}_migrations"


def all_of(system: str, module_name: str, component_names: Iterator[str]) -> frozenset[str]:
    """Every name that the objects of a module can have."""
    of_components = (component(system, module_name, each) for each in component_names)
    return frozenset({module(system, module_name), dashboard(system, module_name), *of_components})


def _bounded(name: str, longest: int = LONGEST) -> str:
    """*name*, its end replaced by a digest of the whole where it is too long."""
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{name[: longest - DIGEST_LENGTH - 1].rstrip('-')}-{digest}"
