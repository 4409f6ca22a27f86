"""What people want of a cluster while it is in trouble, and whether it has come true."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from arkalia_operator.desired import kinds
from bench.typical import descriptions
from cluster.kinds import Ref
from cluster.kube import Body, Kube
from cluster.systems import System, off_except

MODULES = ("bench-0", "bench-1")
"""Modules that wait for nothing."""
EDITED = tuple(
    (kind, module)
    for kind in (
        kinds.SERVICE_ACCOUNT, kinds.CONFIG_MAP, kinds.NETWORK_POLICY, kinds.HORIZONTAL_POD_AUTOSCALER,
    )
    for module in MODULES
)  # fmt: skip
"""One after the other: who changes one field again and again is left alone with it."""


@dataclass
class Wishes:
    """One system that lives on, one that is new and one that goes with every trouble."""

    kube: Kube
    namespace: str
    rounds: count[int] = field(default_factory=count)
    number: int = 0

    def __post_init__(self) -> None:
        for each in descriptions(self.namespace):
            if each["metadata"]["name"] in MODULES:
                self.kube.create(each)
        self.luna.declare(modules=modules("before"))
        self.guest(0).declare(modules=modules("before"))

    @property
    def luna(self) -> System:
        """The system that lives on."""
        return System(self.kube, self.namespace, "luna")

    def guest(self, number: int) -> System:
        """A system of one round."""
        return System(self.kube, self.namespace, f"guest-{number}")

    def has_begun(self) -> None:
        """Raises AssertionError until every object is there for the first time."""
        for system in (self.luna, self.guest(0)):
            for module in MODULES:
                self.kube.require(system.child(kinds.HORIZONTAL_POD_AUTOSCALER, module))

    @property
    def edited(self) -> Ref:
        """What is edited in this round."""
        return self.luna.child(*EDITED[self.number % len(EDITED)])

    def make(self) -> None:
        """Change a field, delete a child, edit another, end a system and begin one."""
        self.number = next(self.rounds) + 1
        self.luna.change(modules={MODULES[0]: {"env": {"ROUND": str(self.number)}}})
        self.kube.delete(self.luna.child(kinds.SERVICE, MODULES[1]))
        edit = {"metadata": {"labels": {"app.kubernetes.io/part-of": "somebody"}}}
        self.kube.patch(self.edited, edit)
        self.kube.delete(self.guest(self.number - 1).ref)
        self.guest(self.number).declare(modules=modules("new"))

    def came_true(self) -> None:
        """Raises AssertionError while any of it is not as it should be."""
        deployment = self.kube.require(self.luna.child(kinds.DEPLOYMENT, MODULES[0]))
        assert told_of(deployment) == str(self.number), f"the variable is {told_of(deployment)}"
        self.kube.require(self.luna.child(kinds.SERVICE, MODULES[1]))
        part = self.kube.require(self.edited)["metadata"]["labels"]["app.kubernetes.io/part-of"]
        assert part == "arkalia", f"a label of {self.edited} is {part}"
        for module in MODULES:
            self.kube.require(self.guest(self.number).child(kinds.DEPLOYMENT, module))
        for system in (self.luna, self.guest(self.number)):
            assert system.conditions(), f"{system.ref} has no status of its present generation"


def modules(word: str) -> dict[str, Any]:
    """Two modules with a variable, and none of the built-in ones."""
    return off_except() | {name: {"env": {"ROUND": word}} for name in MODULES}


def told_of(deployment: Body) -> str:
    """The variable in a pod template."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    found = [each["value"] for each in container["env"] if each["name"] == "ROUND"]
    return str(found[0]) if found else ""
