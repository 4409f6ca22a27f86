"""What was told about a system as Kubernetes Events."""

from __future__ import annotations

from cluster.kinds import EVENT
from cluster.systems import System


def warned(system: System, reason: str) -> str:
    """The message of the newest warning with this *reason*. Raises AssertionError without one."""
    about = [
        each
        for each in system.kube.find(EVENT, system.namespace)
        if each["involvedObject"]["name"] == system.name and each["type"] == "Warning"
    ]
    about.sort(key=lambda each: each["metadata"]["creationTimestamp"])
    found = [each["message"] for each in about if each["reason"] == reason]
    assert found, f"{system.ref} has no warning {reason}, but {[each['reason'] for each in about]}"
    return str(found[-1])
