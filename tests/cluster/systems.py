"""An ArkaliaSystem in the hands of a story: declared, waited for, changed and looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arkalia_contract import endpoints, labels
from arkalia_operator import catalogue
from arkalia_operator.api import API_VERSION
from arkalia_operator.api.resources import SYSTEM_KIND
from arkalia_operator.desired import kinds, metadata, names
from arkalia_operator.desired.kinds import Kind
from cluster.kinds import SYSTEM, Ref
from cluster.kube import Body, Kube
from cluster.reach import Reached
from cluster.waiting import PATIENCE_SECONDS, eventually

CHILD_KINDS: Final = tuple(kind for kind in kinds.IN_APPLY_ORDER if not kind.optional)
OF_DATA: Final = (kinds.PERSISTENT_VOLUME_CLAIM, kinds.STATEFUL_SET, kinds.JOB)
OF_SYSTEM: Final = (kinds.INGRESS,)
MODULE_KINDS: Final = tuple(kind for kind in CHILD_KINDS if kind not in (*OF_DATA, *OF_SYSTEM))
"""What a module without a schema has one of."""


def off_except(*wanted: str) -> dict[str, Body]:
    """`spec.modules` in which of the built-in modules only the *wanted* run."""
    built_in = {name for release in catalogue.load().values() for name in release}
    return {name: {"enabled": False} for name in sorted(built_in - set(wanted))}


GATEWAY: Final[dict[str, Body]] = off_except("helloria") | {"helloria": {"replicas": 1}}
"""`spec.modules` of a system of the gateway alone, in one pod.

Its autoscaler would add pods when the machine is busy with something else.
"""


@dataclass(frozen=True, slots=True)
class System:
    """One ArkaliaSystem of the cluster."""

    kube: Kube
    namespace: str
    name: str

    @property
    def ref(self) -> Ref:
        """Its address."""
        return Ref(SYSTEM, self.namespace, self.name)

    def declare(self, **spec: Any) -> System:
        """Apply it with *spec*, and nothing but what *spec* says."""
        self.kube.apply(
            {
                "apiVersion": API_VERSION,
                "kind": SYSTEM_KIND,
                "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": spec,
            }
        )
        return self

    def change(self, **spec: Any) -> None:
        """Merge *spec* into the present one."""
        self.kube.patch(self.ref, {"spec": spec})

    def conditions(self) -> Mapping[str, Body]:
        """The conditions of the present generation by type; empty before they are written."""
        body = self.kube.require(self.ref)
        status = body.get("status", {})
        current = status.get("observedGeneration") == body["metadata"]["generation"]
        return {each["type"]: each for each in status.get("conditions", [])} if current else {}

    def expect(self, kind: str, status: str, reason: str = "") -> Body:
        """The condition *kind*. Raises AssertionError if it is otherwise, or about an old spec."""
        conditions = self.conditions()
        seen = conditions.get(kind, {})
        fits = seen.get("status") == status and reason in ("", seen.get("reason"))
        assert fits, f"{self.ref}: {kind} is not {status} {reason}, but {told(conditions)}"
        return seen

    def ready(self, within: float = PATIENCE_SECONDS) -> System:
        """Itself, once it is Ready in its present generation."""
        eventually(lambda: self.expect("Ready", "True"), within)
        return self

    def child(self, kind: Kind, module: str = "helloria") -> Ref:
        """The address of a module's object that has the module's name."""
        return Ref(kind, self.namespace, names.module(self.name, module))

    def children(self, *of_kinds: Kind) -> list[Body]:
        """All its objects, of the given kinds or of all kinds that every cluster serves."""
        return [
            child
            for kind in of_kinds or CHILD_KINDS
            for child in self.kube.find(kind, self.namespace, {labels.SYSTEM: self.name})
        ]

    def of_modules(self, *of_kinds: Kind) -> list[Body]:
        """Those of its objects that belong to a module."""
        found = self.children(*of_kinds)
        return [each for each in found if labels.MODULE in each["metadata"]["labels"]]

    def pods(self, module: str = "helloria") -> list[Body]:
        """The module's pods that are not ending."""
        wanted = metadata.module_selector(self.name, module)
        found = self.kube.find(kinds.POD, self.namespace, wanted)
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    def row(self) -> list[str]:
        """Ready, Reason and Modules as `kubectl get ark` shows them: the API server makes the table."""
        accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        table = self.kube.http.get(self.ref.path, headers=accept).json()
        columns = [column["name"] for column in table["columnDefinitions"]]
        cells = dict(zip(columns, table["rows"][0]["cells"], strict=True))
        return [cells["Ready"], cells["Reason"], cells["Modules"]]

    def asked_by(self, path: str) -> set[str]:
        """Addresses from which, as the gateway's log has it, *path* was asked."""
        lines = self.kube.log(Ref.of(self.pods()[0])).splitlines()
        told = [json.loads(each) for each in lines if each.startswith("{")]
        return {each["client"] for each in told if path in each["message"] and "client" in each}

    def reach(self, module: str = "helloria") -> Reached:
        """The module's Service, once the node's network leads to its pods.

        kube-proxy follows readiness by up to a second, which is not the operator's to wait for.
        """
        service = Reached(self.kube, self.child(kinds.SERVICE, module))
        eventually(lambda: service.get(endpoints.HEALTH_LIVE))
        return service


def uids(objects: Iterable[Body]) -> set[str]:
    """Which objects these are."""
    return {each["metadata"]["uid"] for each in objects}


def told(conditions: Mapping[str, Body]) -> str:
    """Conditions in one line."""
    if not conditions:
        return "there is no status for the present generation"
    return "; ".join(
        f"{each['type']}={each['status']} {each['reason']} ({each['message']})"
        for each in conditions.values()
    )
