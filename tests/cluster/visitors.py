"""Pods of the stories themselves: each runs one Python program in the image of a service."""

from __future__ import annotations

from typing import Any, Final

from arkalia_operator.desired.kinds import POD
from cluster.kinds import Ref
from cluster.kube import Body, Kube
from cluster.waiting import eventually

RESTRICTED: Final = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONFINED: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def visitor(ref: Ref, image: str, program: str, *arguments: str) -> Body:
    """A pod that runs *program*, Python source, once. It passes the level `restricted`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "securityContext": RESTRICTED,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "visitor",
                    "image": image,
                    "command": ["python3", "-u", "-c", program, *arguments],
                    "securityContext": CONFINED,
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                }
            ],
        },
    }


def image_of(kube: Kube, namespace: str) -> str:
    """The image of a pod that runs in *namespace*."""
    pods = kube.find(POD, namespace)
    assert pods, f"no pod in {namespace} whose image a visitor could use"
    return str(pods[0]["spec"]["containers"][0]["image"])


def phase_is(kube: Kube, ref: Ref, wanted: str) -> Body:
    """The pod. Raises AssertionError while it is in another phase than *wanted*."""
    pod = kube.require(ref)
    status = pod["status"]
    assert status.get("phase") == wanted, f"{ref} is {_told(status)}, not {wanted}"
    return pod


def output_of(kube: Kube, pod: Body) -> str:
    """What the pod's program printed, once it ended well."""
    kube.create(pod)
    ref = Ref.of(pod)
    eventually(lambda: phase_is(kube, ref, "Succeeded"))
    return kube.log(ref)


def _told(status: dict[str, Any]) -> str:
    states = [each.get("state") for each in status.get("containerStatuses", [])]
    conditions = [each.get("message", "") for each in status.get("conditions", [])]
    return f"{status.get('phase')} {states} {[text for text in conditions if text]}"
