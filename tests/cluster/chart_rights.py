"""An operator that may do what the chart's roles say, and nothing else: a service account of theirs."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from bench.control_plane import ROOT, ControlPlane
from cluster.development import programs
from cluster.kinds import NAMESPACE, Ref
from cluster.kube import Body, Kube
from cluster.used_rights import Trail, Use, given, told
from cluster.waiting import eventually

ROLES: Final = ("ClusterRole", "Role")
BINDINGS: Final = ("ClusterRoleBinding", "RoleBinding")
TOKEN_SECONDS: Final = 3600
PREFIX: Final = "ARKALIA_OPERATOR_"


@dataclass(frozen=True, slots=True)
class ChartRights:
    """The account of an operator, with the rights that the chart gives it."""

    kube: Kube
    plane: ControlPlane
    account: Ref
    roles: tuple[Body, ...]
    bindings: tuple[str, ...]
    settings: Mapping[str, str]
    """The operator's, by their names, as the chart's Deployment has them."""
    taken: set[Use] = field(default_factory=set)
    """What of its roles it has not, for now."""

    @property
    def user(self) -> str:
        """Its name in the audit log."""
        return f"system:serviceaccount:{self.account.namespace}:{self.account.name}"

    @property
    def given(self) -> set[Use]:
        """Every right of its roles."""
        return given(self.roles)

    def kubeconfig(self) -> Path:
        """For a process that is nothing but this account."""
        answer = self.kube.http.post(
            f"{self.account.path}/token", json={"spec": {"expirationSeconds": TOKEN_SECONDS}}
        )
        answer.raise_for_status()
        return self.plane.kubeconfig(self.account.namespace, answer.json()["status"]["token"])

    def mark(self) -> int:
        """The present end of the audit log."""
        return self.plane.audit.stat().st_size

    def trail(self, since: int = 0) -> Trail:
        """What it did after a mark."""
        with self.plane.audit.open("rb") as log:
            log.seek(since)
            return told(log.read().decode().splitlines(keepends=True), self.user, self.bindings)

    def take(self, *uses: Use) -> None:
        """Take rights away from every role."""
        self.taken.update(uses)
        self._write()
        eventually(lambda: self._has(uses, granted=False))

    def give_back(self, *uses: Use) -> None:
        """Give rights again that were taken."""
        self.taken.difference_update(uses)
        self._write()
        eventually(lambda: self._has(uses, granted=True))

    def _write(self) -> None:
        for role in self.roles:
            self.kube.apply({**role, "rules": _without(role["rules"], self.taken)})

    def _has(self, uses: tuple[Use, ...], *, granted: bool) -> None:
        """Raises AssertionError until the API server knows it."""
        places = [role["metadata"].get("namespace", "") for role in self.roles]
        found = {use: any(self._may(use, place) for place in places) for use in uses}
        assert set(found.values()) == {granted}, f"{self.user}: {found}"

    def _may(self, use: Use, namespace: str) -> bool:
        resource, _, subresource = use.resource.partition("/")
        asked = {
            "user": self.user,
            "resourceAttributes": {
                "group": use.group,
                "resource": resource,
                "subresource": subresource,
                "verb": use.verb,
                "namespace": namespace,
            },
        }
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        answer = self.kube.http.post(path, json={**review, "spec": asked})
        answer.raise_for_status()
        return bool(answer.json()["status"]["allowed"])


def installed(
    kube: Kube, plane: ControlPlane, namespace: str, watched: tuple[str, ...]
) -> ChartRights:
    """What the chart gives an operator in *namespace* that serves *watched*, or all namespaces."""
    objects = rendered(namespace, watched)
    for name in (namespace, *watched):
        make_sure_of(kube, name)
    account = next(each for each in objects if each["kind"] == "ServiceAccount")
    roles = [each for each in objects if each["kind"] in ROLES and _is_for_operator(each)]
    bindings = [each for each in objects if each["kind"] in BINDINGS]
    for each in (account, *roles, *bindings):
        kube.apply(each)
    names = {each["metadata"]["name"] for each in bindings}
    found = ChartRights(
        kube, plane, Ref.of(account), tuple(roles), tuple(names), _settings(objects)
    )
    found.give_back(Use("arkalia.io", "arkaliasystems/status", "patch"))
    return found


def rendered(namespace: str, watched: tuple[str, ...]) -> list[Body]:
    """What the chart renders."""
    chart = ("helm", "template", namespace, str(ROOT / "charts/arkalia"), "--namespace", namespace)
    scope = (f"--set=watchNamespaces={{{','.join(watched)}}}",) if watched else ()
    command = (*chart, *scope, "--skip-tests", "--set=serviceAccount.create=true")
    text = subprocess.run(command, env=programs(), capture_output=True, check=True).stdout
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


def _is_for_operator(role: Body) -> bool:
    """Whether it is no role for people, which the cluster's own roles take in."""
    labels = role["metadata"].get("labels", {})
    return not any(name.startswith("rbac.authorization.k8s.io/aggregate-to") for name in labels)


def _settings(objects: list[Body]) -> dict[str, str]:
    [pod] = [each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"]
    given = {each["name"]: each.get("value", "") for each in pod["containers"][0]["env"]}
    return {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}


def _without(rules: list[Body], uses: Collection[Use]) -> list[Body]:
    """*rules* without *uses*: each resource of a rule with the verbs that are left to it."""
    found = []
    for rule in map(deepcopy, rules):
        if "resources" not in rule:
            found.append(rule)
            continue
        for resource in rule["resources"]:
            gone = {use.verb for use in uses if use[:2] == (rule["apiGroups"][0], resource)}
            left = [verb for verb in rule["verbs"] if verb not in gone]
            if left:
                found.append({**rule, "resources": [resource], "verbs": left})
    return found


def make_sure_of(kube: Kube, namespace: str) -> None:
    """Create *namespace* if there is none."""
    if kube.get(Ref(NAMESPACE, "", namespace)) is None:
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
