"""Whether what the API server tells about a node's pods was seen after the node's last start.

A node that was killed leaves statuses of "running and ready" behind. Until the kubelet has looked again they
are old news, and waiting for readiness would end too early.
"""

from datetime import datetime
from typing import Any

from arkalia_dev.kubectl import Kubectl


def pods_are_fresh(kubectl: Kubectl, node: str, since: float) -> bool:
    """Whether the node has reported, and no container is said to run from before *since* (in seconds)."""
    found = kubectl.get("node", node)
    pods = kubectl.get("pods", "--all-namespaces", f"--field-selector=spec.nodeName={node}")
    if not found or pods is None or last_report(found) < int(since):
        return False
    return all(begun >= int(since) for pod in pods["items"] for begun in starts(pod))


def last_report(node: dict[str, Any]) -> float:
    """When the kubelet last said that it is ready; 0 if it never did."""
    conditions = node.get("status", {}).get("conditions", [])
    ready = [x["lastHeartbeatTime"] for x in conditions if x["type"] == "Ready"]
    return seconds(ready[0]) if ready else 0.0


def starts(pod: dict[str, Any]) -> list[float]:
    """When the containers of *pod* that are said to run were started."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    running = [x["state"]["running"] for x in statuses if "running" in x.get("state", {})]
    return [seconds(x["startedAt"]) for x in running if x.get("startedAt")]


def seconds(text: str) -> float:
    """A time as Kubernetes writes it, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
