"""Every derived object name, and nowhere else a name is put together."""

from __future__ import annotations

from typing import Final

MAIN: Final = "main"
"""The component that carries its module's name."""


def module(system: str, module_name: str) -> str:
    """What belongs to a module as a whole: ServiceAccount, ConfigMap, NetworkPolicy."""
    return f"{system}-{module_name}"


def component(system: str, module_name: str, component_name: str) -> str:
    """What belongs to one component: Deployment, Service, autoscaler, disruption budget."""
    base = module(system, module_name)
    return base if component_name == MAIN else f"{base}-{component_name}"


def dashboard(system: str, module_name: str) -> str:
    """The ConfigMap of a module's dashboard."""
    return f"{module(system, module_name)}-dashboard"
