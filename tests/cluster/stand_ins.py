"""A cluster without nodes: an API server, its garbage collector, and who says that pods run.

What an operator asks for is said to be there at once, so a story that is about the operator alone
takes seconds, and may end it, its CRDs and its namespaces without harm to others.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from arkalia_dev.development import Development
from arkalia_operator.desired.kinds import DEPLOYMENT, JOB, STATEFUL_SET, Kind
from bench.control_plane import ROOT, ControlPlane, control_plane
from cluster.kinds import DEFINITION, Ref
from cluster.kube import MERGE, Body, Kube, RefusedError
from cluster.waiting import eventually

CONTROLLERS: Final = (
    "garbage-collector-controller",
    "namespace-controller",
    "persistentvolumeclaim-protection-controller",
)
WITH_PARENT: Final = ("setpriv", "--pdeathsig", "KILL", "--")
PAUSE_SECONDS: Final = 0.1
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
        eventually(partial(_served, kube, Ref.of(definition)))


def _served(kube: Kube, ref: Ref) -> None:
    assert ref.kind is DEFINITION
    conditions = kube.require(ref).get("status", {}).get("conditions") or []
    served = [each for each in conditions if each["type"] == "Established"]
    assert [each["status"] for each in served] == ["True"], f"{ref} is not served yet"


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
    command = (*WITH_PARENT, str(Development().binaries.program("kube-controller-manager")), *flags)
    with (
        (plane.folder / "controllers.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield
        finally:
            process.kill()


@contextmanager
def _pods_run(plane: ControlPlane) -> Iterator[None]:
    """Says of everything that makes pods that these run, or have done their work."""
    kube, ended = Kube(str(plane.kubeconfig("stub"))), threading.Event()

    def follow() -> None:
        while not ended.wait(PAUSE_SECONDS):
            for kind, status in ((STATEFUL_SET, ready), (DEPLOYMENT, ready), (JOB, done)):
                _say(kube, kind, status)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        kube.close()


def ready(body: Body) -> Body:
    """The status of a Deployment or StatefulSet whose pods all serve."""
    pods = body["spec"].get("replicas", 1)
    return {"observedGeneration": body["metadata"]["generation"], **dict.fromkeys(COUNTS, pods)}


def done(_: Body) -> Body:
    """The status of a Job that has succeeded."""
    times = {"startTime": LONG_AGO, "completionTime": LONG_AGO}
    return {**times, "succeeded": 1, "uncountedTerminatedPods": {}, "conditions": DONE}


def _say(kube: Kube, kind: Kind, status: Any) -> None:
    try:
        for body in kube.find(kind):
            wanted, told = status(body), body.get("status", {})
            if any(told.get(name) != value for name, value in wanted.items()):
                path = f"{Ref.of(body).path}/status"
                kube.http.patch(path, headers={"Content-Type": MERGE}, json={"status": wanted})
    except (RefusedError, httpx.TransportError):
        return  # looked at again at once
