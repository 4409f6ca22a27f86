"""Every derived object name, and nowhere else a name is put together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

MAIN: Final = "main"
"""The component that carries its module's name."""
LONGEST: Final = 63
"""What a Service and a label value may have; the other kinds take more."""
DIGEST_LENGTH: Final = 8


def module(system: str, module_name: str) -> str:
    """What belongs to a module as a whole: ServiceAccount, ConfigMap, NetworkPolicy."""
    return _bounded(f"{system}-{module_name}")


def component(system: str, module_name: str, component_name: str) -> str:
    """What belongs to one component: Deployment, Service, autoscaler, disruption budget."""
    if component_name == MAIN:
        return module(system, module_name)
    return _bounded(f"{system}-{module_name}-{component_name}")


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
    return f"{system}-trust"


def all_of(system: str, module_name: str, component_names: Iterator[str]) -> frozenset[str]:
    """Every name that the objects of a module can have."""
    of_components = (component(system, module_name, each) for each in component_names)
    return frozenset({module(system, module_name), dashboard(system, module_name), *of_components})


def _bounded(name: str) -> str:
    """*name*, its end replaced by a digest of the whole where it is too long."""
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{name[: LONGEST - DIGEST_LENGTH - 1].rstrip('-')}-{digest}"
