"""How the cluster is, in a few lines."""

from dataclasses import dataclass

from arkalia_dev import record
from arkalia_dev.chart import SYSTEM, SYSTEM_NAMESPACE
from arkalia_dev.development import Development
from arkalia_dev.files import read_json


@dataclass(frozen=True)
class Status:
    """Lines for a person, and the one fact for a script."""

    is_up: bool
    text: str


def report(development: Development) -> Status:
    """The state of this checkout's cluster; asks, and changes nothing."""
    paths = development.paths
    known = record.read(paths.record)
    if not known:
        return Status(is_up=False, text=f"No cluster for {paths.checkout}. Start it: make up")
    is_up = development.kubectl.answers()
    lines = [
        f"cluster     {paths.id} ({known.provider}), {'up' if is_up else 'not answering'}",
        f"state       {paths.state}",
        f"cache       {paths.cache}",
    ]
    if known.provider == "node":
        lines += _node_lines(development)
    if is_up:
        lines += [f"system      {_system(development)}"]
    return Status(is_up, "\n".join(lines))


def _node_lines(development: Development) -> list[str]:
    known = record.read(development.paths.record)
    running = bool(known and known.is_running())
    subnets = development.node.config().subnets
    rows = read_json(development.paths.state / "services.json") or [] if running else []
    processes = [
        f"component   {row['name']:<24} {'runs' if row['pid'] else 'waits'}, started {row['starts']}x"
        for row in rows
    ]
    first = known.init.pid if running and known and known.init else "not running"
    addresses = f"pods {subnets.pods}, services {subnets.services}, API server {subnets.node}"
    return [f"addresses   {addresses}", f"init        {first}", *processes]


def _system(development: Development) -> str:
    path = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}'
    words = ("get", "arkaliasystem", SYSTEM, f"--namespace={SYSTEM_NAMESPACE}", f"--output={path}")
    return development.kubectl.ask(*words) or "none"
