"""Modules of the stories: they run on the services' runtime, in the gateway's image, and talk."""

from __future__ import annotations

from typing import Any, Final

from arkalia_contract import identity
from arkalia_operator.api import API_VERSION
from cluster.kube import Body, Kube

PROGRAM: Final = """
import sys
from contextlib import asynccontextmanager as acm
from fastapi import APIRouter, Request
from arkalia_runtime import logs
from arkalia_runtime.app import create_app
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings

class Settings(ServiceSettings):
    public: bool = sys.argv[1] == "public"

router = APIRouter()

@router.get("/states/{name}")
async def state(name: str) -> str | None:
    return logs.caller.get()

@router.get("/ask/{callee}/{path:path}")
async def ask(callee: str, path: str, request: Request):
    a = await request.app.state.calls.to(callee).request("GET", "/" + path)
    return [a.status_code, a.json()]

@acm
async def lifespan(app):
    async with Calls(app.state.settings, app.state.metrics) as app.state.calls:
        yield

run("talker", Settings, lambda s: create_app("talker", s, router=router, lifespan=lifespan))
"""

PORT: Final = 8080


def talker(name: str, namespace: str, image: str, *, public: bool, **spec: Any) -> Body:
    """An ArkaliaModule whose service answers `/states/...` and asks others at `/ask/...`."""
    repository, _, tag = image.rpartition(":")
    command = ["python3", "-u", "-c", PROGRAM, "public" if public else "private"]
    component = {"name": "main", "port": PORT, "scheme": "HTTPS", "command": command}
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaModule",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "image": {"repository": repository, "tag": tag},
            "components": [component],
            **spec,
        },
    }


def token(kube: Kube, account: str, audience: str, pod: Body | None = None) -> str:
    """A new token of *account* in the pod's namespace, bound to *pod* as the kubelet's are."""
    namespace, _, name = account.partition("/")
    spec: Body = {"audiences": [audience], "expirationSeconds": identity.TOKEN_SECONDS}
    if pod is not None:
        meta = pod["metadata"]
        spec["boundObjectRef"] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": meta["name"],
            "uid": meta["uid"],
        }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    answer = kube.http.post(path, json=request).raise_for_status()
    return str(answer.json()["status"]["token"])
