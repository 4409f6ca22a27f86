"""A cluster without nodes: an API server, its garbage collector, and who says that pods run.

What an operator asks for is said to be there at once, so a story that is about the operator alone
takes seconds, and may end it, its CRDs and its namespaces without harm to others.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import yaml

from arkalia_dev.development import Development
from arkalia_operator.desired.kinds import DEPLOYMENT, JOB, STATEFUL_SET, Kind
from bench.control_plane import ROOT, ControlPlane, control_plane
from cluster.kinds import Ref
from cluster.kube import MERGE, Body, Kube, RefusedError
from cluster.waiting import eventually
from local_programs import running

CONTROLLERS: Final = (
    "garbage-collector-controller",
    "namespace-controller",
    "persistentvolumeclaim-protection-controller",
)
PAUSE_SECONDS: Final = 0.1
"""Before a watch that ended is begun again."""
WATCH_SECONDS: Final = 3
"""An API server that shall end waits for its watches."""
LONG_AGO: Final = "2026-01-01T00:00:00Z"
COUNTS: Final = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
DONE: Final = [
    {
        "type": kind,
        "status": "True",
        "reason": "CompletionsReached",
        "message": "",
        "lastTransitionTime": LONG_AGO,
        "lastProbeTime": LONG_AGO,
    }
    for kind in ("SuccessCriteriaMet", "Complete")
]
REFUSES: Final = "stand-in/refuses"
"""Annotation of a pod template: images of this registry cannot be had for its pods."""
REFUSED: Final = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "message": "the registry is not allowed here",
    "lastTransitionTime": LONG_AGO,
}


Status = Callable[[Body], Body]
"""What is said of an object."""


@contextmanager
def cluster(folder: Path, *flags: str) -> Iterator[ControlPlane]:
    """The cluster, with the CRDs of this checkout and further *flags* of the API server."""
    with control_plane(folder, *flags) as plane, _controllers(plane), _pods_run(plane):
        kube = Kube(str(plane.kubeconfig("person")))
        define(kube)
        yield plane
        kube.close()


def define(kube: Kube) -> None:
    """Have the API server serve the CRDs of this checkout."""
    for path in sorted(ROOT.glob("crds/*.yaml")):
        definition = yaml.safe_load(path.read_text("utf-8"))
        kube.apply(definition)
        eventually(partial(kube.established, Ref.of(definition)))


@contextmanager
def _controllers(plane: ControlPlane) -> Iterator[None]:
    """The controllers that end what has lost its owner or its namespace."""
    flags = (
        f"--kubeconfig={plane.kubeconfig('person')}",
        f"--controllers={','.join(CONTROLLERS)}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    )
    command = (str(Development().binaries.program("kube-controller-manager")), *flags)
    with running(command, plane.folder / "controllers.log"):
        yield


@contextmanager
def _pods_run(plane: ControlPlane) -> Iterator[None]:
    """Says of everything that makes pods that these run, or have done their work."""
    ended, kubeconfig = threading.Event(), str(plane.kubeconfig("stub"))
    for kind, status in ((STATEFUL_SET, ready), (DEPLOYMENT, ready), (JOB, done)):
        told = (kubeconfig, kind, status, ended)
        threading.Thread(target=_follow, args=told, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _follow(kubeconfig: str, kind: Kind, status: Status, ended: threading.Event) -> None:
    with closing(Kube(kubeconfig)) as kube:
        while not ended.wait(PAUSE_SECONDS):
            try:
                for body in kube.watch(kind, WATCH_SECONDS):
                    _say(kube, body, status(body))
            except (httpx.HTTPError, RefusedError, ValueError):
                continue
            except Exception:  # if it ended, everybody would wait for pods in vain
                traceback.print_exc()


def ready(body: Body) -> Body:
    """The status of a Deployment or StatefulSet whose pods all serve, or of one that gets no new ones."""
    pods = body["spec"].get("replicas", 1)
    counted = dict.fromkeys(COUNTS, pods)
    seen = {"observedGeneration": body["metadata"]["generation"]}
    if not _is_refused(body["spec"]["template"]):
        return {**seen, **counted, "conditions": []}
    return {**seen, **counted, "updatedReplicas": 0, "conditions": [REFUSED]}


def _is_refused(template: Body) -> bool:
    """Whether the template says itself that no pods can be made of it with such an image."""
    refused = template["metadata"].get("annotations", {}).get(REFUSES)
    images = [each["image"] for each in template["spec"]["containers"]]
    return any(each.startswith(f"{refused}/") for each in images)


def done(_: Body) -> Body:
    """The status of a Job that has succeeded."""
    times = {"startTime": LONG_AGO, "completionTime": LONG_AGO}
    return {**times, "succeeded": 1, "uncountedTerminatedPods": {}, "conditions": DONE}


def _say(kube: Kube, body: Body, wanted: Body) -> None:
    told = body.get("status", {})
    if any(told.get(name) != value for name, value in wanted.items()):
        path = f"{Ref.of(body).path}/status"
        kube.http.patch(path, headers={"Content-Type": MERGE}, json={"status": wanted})
