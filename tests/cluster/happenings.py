"""What was told about a system as Kubernetes Events."""

from __future__ import annotations

from cluster.kinds import EVENT
from cluster.kube import Body
from cluster.systems import System


def warned(system: System, reason: str) -> str:
    """The message of the newest warning with this *reason*. Raises AssertionError without one."""
    about = _about(system, "Warning")
    found = [each["message"] for each in about if each["reason"] == reason]
    assert found, f"{system.ref} has no warning {reason}, but {[each['reason'] for each in about]}"
    return str(found[-1])


def told(system: System, reason: str) -> list[str]:
    """The messages with this *reason* that are no warnings, the newest last."""
    return [each["message"] for each in _about(system, "Normal") if each["reason"] == reason]


def _about(system: System, kind: str) -> list[Body]:
    """The Events of *kind* about *system*, the newest last."""
    about = [
        each
        for each in system.kube.find(EVENT, system.namespace)
        if each["involvedObject"]["name"] == system.name and each["type"] == kind
    ]
    return sorted(about, key=lambda each: str(each["metadata"]["creationTimestamp"]))
