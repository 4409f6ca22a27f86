"""Controllers of others that work on the objects of a system, each on fields of its own.

What they write is what such controllers write: marks in annotations and labels, data that is added
to a ConfigMap, Secrets for pulling, conditions, and marks on the system itself and on its pods.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

import httpx

from arkalia_operator.desired import kinds
from cluster.kinds import SYSTEM, Ref
from cluster.kube import MERGE, Body, Kube, RefusedError
from cluster.systems import System

PAUSE_SECONDS: Final = 0.5
"""Between two writes."""
NUMBER: Final = "NUMBER"
"""In the place of what is another word each time."""


class Habit(NamedTuple):
    """What one controller writes, again and again."""

    manager: str
    kind: kinds.Kind
    change: Body
    subresource: str = ""


def _mark(name: str, where: str = "annotations") -> Body:
    return {"metadata": {where: {f"{name}.example.com/seen": NUMBER}}}


CONDITION: Final = {
    "type": "example.com/Attached",
    "status": "True",
    "reason": "Seen",
    "message": NUMBER,
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
HABITS: Final = (
    Habit("reloader", kinds.DEPLOYMENT, _mark("reloader")),
    Habit("policy-engine", kinds.SERVICE, _mark("policy", "labels")),
    Habit("load-balancer", kinds.SERVICE, {"status": {"conditions": [CONDITION]}}, "status"),
    Habit("trust-injector", kinds.CONFIG_MAP, {"data": {"injected.crt": NUMBER}}),
    Habit("pull-secrets", kinds.SERVICE_ACCOUNT, {"imagePullSecrets": [{"name": NUMBER}]}),
    Habit("cost-watcher", kinds.HORIZONTAL_POD_AUTOSCALER, _mark("cost")),
    Habit("network-plugin", kinds.NETWORK_POLICY, _mark("network")),
    Habit("gitops", SYSTEM, _mark("gitops")),
    Habit("inventory", SYSTEM, _mark("inventory", "labels")),
    Habit("security-scanner", kinds.POD, _mark("scanner")),
)


@dataclass(slots=True)
class Work:
    """What they did so far."""

    kube: Kube
    system: System
    written: dict[str, int] = field(default_factory=dict)
    """How often each of them has written."""

    def by_everybody(self) -> None:
        """Raises AssertionError until each of them has written whose object the system has."""
        wanted = {each.manager for each in HABITS if self._target(each.kind) is not None}
        assert wanted == self.written.keys(), f"{self.written}, not yet all of {wanted}"

    def round(self, number: int) -> None:
        """Have the next one write what it writes."""
        habit = HABITS[number % len(HABITS)]
        try:
            self._write(habit, f"n{number}")
        except (RefusedError, httpx.TransportError):
            return  # its turn comes again

    def _write(self, habit: Habit, word: str) -> None:
        target = self._target(habit.kind)
        if target is None:
            return
        change = _worded(habit.change, word)
        path = f"{target.path}/{habit.subresource}".rstrip("/")
        answer = self.kube.http.patch(
            path,
            params={"fieldManager": habit.manager},
            headers={"Content-Type": MERGE},
            json=change,
        )
        if answer.is_success:
            self.written[habit.manager] = self.written.get(habit.manager, 0) + 1

    def _target(self, kind: kinds.Kind) -> Ref | None:
        """The object of *kind* that is written, if the system has one."""
        if kind is SYSTEM:
            return self.system.ref
        found = self.system.pods() if kind is kinds.POD else self._child(kind)
        return Ref.of(found[0]) if found else None

    def _child(self, kind: kinds.Kind) -> list[Body]:
        found = self.kube.get(self.system.child(kind))
        return [found] if found else []


def _worded(change: Body, word: str) -> Body:
    found: Body = _with(change, word)
    return found


def _with(value: object, word: str) -> object:
    if isinstance(value, dict):
        return {name: _with(each, word) for name, each in value.items()}
    if isinstance(value, list):
        return [_with(each, word) for each in value]
    return word if value == NUMBER else value


@contextmanager
def at_work(kube: Kube, system: System) -> Iterator[Work]:
    """They write, one after the other, until the block ends."""
    work, ended = Work(kube, system), threading.Event()

    def follow() -> None:
        for number in count():
            if ended.wait(PAUSE_SECONDS):
                return
            work.round(number)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield work
    finally:
        ended.set()
        thread.join()
