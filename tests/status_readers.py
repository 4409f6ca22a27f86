"""Programs of others that read the status of a system, as far as they can run here.

Argo CD's check runs in a real Lua 5.1, the dialect of Argo CD's own; Flux's expressions in Google's
CEL; kstatus is the library itself, in a program of `dev/go/kstatus`.
"""

import json
import subprocess
from pathlib import Path

import yaml
from cel_expr_python import cel
from lupa.lua51 import LuaRuntime

from arkalia_dev.development import Development

ROOT = Path(__file__).resolve().parents[1]
HEALTH = ROOT / "manifests/argocd/health/arkalia.io/ArkaliaSystem"
PROGRAM = (HEALTH / "health.lua").read_text(encoding="utf-8")
FLUX = ROOT / "manifests/flux/health-checks.yaml"
ORDER = (("inProgress", "InProgress"), ("failed", "Failed"), ("current", "Current"))
"""In which Flux evaluates its expressions (its RFC 9)."""


def argo_cd(body, program=PROGRAM):
    """Health of *body*, as status and message."""
    lua = LuaRuntime(unpack_returned_tuples=True)
    check = lua.eval(f"function(obj)\n{program}\nend")
    health = check(lua.table_from(body, recursive=True))
    return health["status"], health["message"]


def kstatus(body):
    """Status of *body* by kstatus."""
    program = Development().binaries.program("kstatus")
    assert program.exists(), "kstatus is not there: run `make tools`"
    done = subprocess.run(
        [program], input=json.dumps(body), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def flux(body):
    """Status of *body* by the shipped expressions; `Unknown` where one cannot be evaluated."""
    found = body.get("status", {}).get("observedGeneration", body["metadata"]["generation"])
    if found != body["metadata"]["generation"]:
        return "InProgress"  # before any expression
    data = {name: body[name] for name in ("metadata", "spec", "status") if name in body}
    environment = cel.NewEnv(variables=dict.fromkeys(data, cel.Type.DYN))
    for name, status in ORDER:
        answer = environment.compile(EXPRESSIONS[name], disable_check=True).eval(data=data).value()
        if not isinstance(answer, bool):
            return "Unknown"
        if answer:
            return status
    return "InProgress"


def _expressions():
    kustomization = yaml.safe_load(FLUX.read_text(encoding="utf-8"))
    [expressions] = kustomization["spec"]["healthCheckExprs"]
    return expressions


EXPRESSIONS = _expressions()
