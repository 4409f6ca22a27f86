"""What Arkalia needs of a cluster, judged by an ordered list of named checks on what was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from arkalia_cli.api_paths import (
    ACTION,
    CONFIG_MAP,
    DEPLOYMENT,
    EVENT,
    GROUP,
    MODULE,
    POD,
    SERVICE,
    SYSTEM,
    VERSION,
    Kind,
)
from arkalia_cli.attendance import Attendance, Operator

OLDEST_KUBERNETES: Final = (1, 30)
"""`kubeVersion` of the chart."""
DEFINITIONS: Final = tuple(f"{kind.plural}.{GROUP}" for kind in (SYSTEM, MODULE, ACTION))
STORAGE_CLASSES: Final = (
    "spec.data.postgresql.storage.storageClassName",
    "spec.data.redis.queue.storage.storageClassName",
    "spec.llm.storage.storageClassName",
)
"""Where a system names the StorageClass of its volumes."""
METRICS: Final = "metrics.k8s.io"
OPTIONAL: Final = {
    "monitoring.coreos.com": ("Prometheus operator", "alerts, dashboards and scraping of modules"),
    "cert-manager.io": ("cert-manager", "`security.tls.mode: certManager`"),
    "gateway.networking.k8s.io": ("Gateway API", "`exposure.gateway`"),
    "postgresql.cnpg.io": ("CloudNativePG", "`data.postgresql.mode: cnpg`"),
}
"""API groups of others, whose they are, and what Arkalia does with them."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A CustomResourceDefinition of Arkalia."""

    name: str
    served: tuple[str, ...]
    release: str
    """Version of the chart that brought it."""


@dataclass(frozen=True, slots=True)
class Right:
    """Something that a verb of the command line, or a person, does."""

    feature: str
    verb: str
    kind: Kind
    subresource: str = ""
    role: str = "view"
    """The least of the cluster's roles that has it, by the chart."""

    @property
    def resource(self) -> str:
        """As `kubectl auth can-i` names it."""
        return "/".join(filter(None, (self.kind.plural, self.subresource)))


ROLES: Final = ("view", "edit", "admin")
"""Each has what those before it have."""
RIGHTS: Final = (
    Right("status", "list", SYSTEM),
    Right("logs", "list", POD),
    Right("logs", "get", POD, "log"),
    Right("events", "list", EVENT),
    Right("open", "list", SERVICE),
    Right("open", "list", POD),
    Right("open", "get", CONFIG_MAP),
    Right("open", "get", POD, "portforward", role="edit"),
    # Kubernetes asks for it too since 1.35: the verb of the request alone is `get`.
    Right("open", "create", POD, "portforward", role="edit"),
    Right("report", "list", DEPLOYMENT),
    Right("report", "list", CONFIG_MAP),
    Right("change systems", "patch", SYSTEM, role="edit"),
    Right("change modules", "patch", MODULE, role="admin"),
    Right("approve", "approve", SYSTEM, role="admin"),
    Right("approve", "create", ACTION, role="admin"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of a cluster. None is what the user may not read."""

    namespace: str
    version: str
    groups: frozenset[str]
    """API groups that are served."""
    definitions: tuple[Definition, ...] | None
    operators: tuple[Operator, ...] | None
    default_storage_classes: tuple[str, ...] | None
    refused: tuple[Right, ...]
    """Those of RIGHTS that the user does not have in the namespace."""
    namespace_exists: bool | None = None
    attendances: tuple[Attendance, ...] = ()
    """Of the systems of the namespace, as far as they may be listed."""


class Level(StrEnum):
    """How a finding is meant."""

    GOOD = "good"
    MISSING = "missing"
    """No system can run like this."""
    WARNING = "warning"
    """Something will not work."""
    ABSENT = "absent"
    """Something optional is not there."""
    UNKNOWN = "unknown"


MARKS: Final = {
    Level.GOOD: ("✔", "green"),
    Level.MISSING: ("✖", "red"),
    Level.WARNING: ("!", "yellow"),
    Level.ABSENT: ("-", "dim"),
    Level.UNKNOWN: ("?", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    level: Level
    message: str
    advice: str = ""


def kubernetes(facts: Facts) -> Finding:
    """Is the API server of a version that Arkalia supports?"""
    found = re.match(r"v?(\d+)\.(\d+)", facts.version)
    if found and tuple(map(int, found.groups())) >= OLDEST_KUBERNETES:
        return Finding("kubernetes", Level.GOOD, facts.version)
    oldest = ".".join(map(str, OLDEST_KUBERNETES))
    message = f"{facts.version} is older than {oldest}"
    return Finding("kubernetes", Level.MISSING, message, f"Use Kubernetes {oldest} or newer.")


def namespace(facts: Facts) -> Finding | None:
    """Is the namespace there? Rights are told of one that is not, too."""
    if facts.namespace_exists is not False:
        return None
    advice = f"`kubectl create namespace {facts.namespace}`, or name another with `--namespace`."
    return Finding("namespace", Level.MISSING, f"{facts.namespace} does not exist", advice)


def definitions(facts: Facts) -> Finding:
    """Are the CustomResourceDefinitions there, in the version that this program speaks?"""
    if facts.definitions is None:
        return _served_definitions(facts)
    lacking = sorted(set(DEFINITIONS) - {each.name for each in facts.definitions})
    if lacking:
        return _no_definitions(f"not installed: {', '.join(lacking)}")
    old = [each.name for each in facts.definitions if VERSION not in each.served]
    if old:
        return _no_definitions(f"{VERSION} is not served by {', '.join(old)}")
    releases = " and ".join(sorted({each.release for each in facts.definitions if each.release}))
    return Finding("CRDs", Level.GOOD, f"{GROUP}/{VERSION} {releases}".strip())


def _served_definitions(facts: Facts) -> Finding:
    if GROUP in facts.groups:
        return Finding("CRDs", Level.GOOD, f"{GROUP} is served; you may not read their versions")
    return _no_definitions(f"{GROUP} is not served")


def _no_definitions(message: str) -> Finding:
    advice = "Install or upgrade the chart `arkalia`, with `crds.enabled` as it is by default."
    return Finding("CRDs", Level.MISSING, message, advice)


def operator(facts: Facts) -> Finding:
    """Does an operator run?"""
    if facts.operators is None:
        advice = "Ask somebody who may list Deployments in all namespaces."
        return Finding("operator", Level.UNKNOWN, "you may not look for it", advice)
    if not facts.operators:
        advice = "Install the chart `arkalia`."
        return Finding("operator", Level.MISSING, "no operator is installed", advice)
    told = [f"{each.name} {each.release} in {each.namespace}" for each in facts.operators]
    down = [each for each in facts.operators if not each.ready]
    if down:
        advice = f"kubectl --namespace {down[0].namespace} describe deployment {down[0].name}"
        message = f"not ready: {down[0].name} in {down[0].namespace}"
        return Finding("operator", Level.MISSING, message, advice)
    return Finding("operator", Level.GOOD, ", ".join(told))


def releases(facts: Facts) -> Finding | None:
    """Are operator and CustomResourceDefinitions of the same release?"""
    ours = {each.release for each in facts.operators or () if each.release}
    theirs = {each.release for each in facts.definitions or () if each.release}
    if not ours or not theirs or ours == theirs:
        return None
    message = f"the operator is {', '.join(ours)}, the CRDs are {', '.join(theirs)}"
    return Finding("releases", Level.WARNING, message, "Upgrade the chart, and the CRDs with it.")


def storage(facts: Facts) -> Finding:
    """Do volumes get a storage class where the spec names none?"""
    if facts.default_storage_classes is None:
        return Finding("storage", Level.UNKNOWN, "you may not list StorageClasses")
    if not facts.default_storage_classes:
        first, second, third = (f"`{each}`" for each in STORAGE_CLASSES)
        advice = (
            f"Mark one as the default, or name it in {first}, {second} and, with a builtin model "
            f"server, {third}."
        )
        return Finding("storage", Level.WARNING, "no default StorageClass", advice)
    return Finding("storage", Level.GOOD, ", ".join(facts.default_storage_classes))


def metrics(facts: Facts) -> Finding:
    """Can autoscalers read the use of CPU?"""
    if METRICS in facts.groups:
        return Finding("metrics", Level.GOOD, f"{METRICS} is served")
    advice = "Install metrics-server: autoscalers keep the number of pods as it is without it."
    return Finding("metrics", Level.WARNING, f"{METRICS} is not served", advice)


def network_policies(_: Facts) -> Finding:
    """Are NetworkPolicies enforced? Kubernetes does not tell."""
    message = "Kubernetes does not tell whether its network plugin enforces them"
    advice = "Calico, Cilium and Antrea do; kubenet and flannel alone do not."
    return Finding("NetworkPolicies", Level.UNKNOWN, message, advice)


def optional(facts: Facts) -> Iterator[Finding]:
    """Which of the optional APIs of others are there?"""
    for group, (name, use) in OPTIONAL.items():
        if group in facts.groups:
            yield Finding(name, Level.GOOD, f"{group} is served")
        else:
            yield Finding(name, Level.ABSENT, f"{group} is not served", f"Needed for {use}.")


def systems(facts: Facts) -> Iterator[Finding]:
    """Does an operator look after each system of the namespace?"""
    for each in facts.attendances:
        check = f"system: {each.system.name}"
        if each.trouble:
            yield Finding(check, Level.WARNING, each.trouble.message, each.trouble.advice)
        elif each.takers:
            yield Finding(check, Level.GOOD, f"{each.takers[0]} looks after it")
        else:
            yield Finding(check, Level.UNKNOWN, "you may not see which operator looks after it")


def rights(facts: Facts) -> Iterator[Finding]:
    """What may the user do in the namespace?"""
    for feature in dict.fromkeys(each.feature for each in RIGHTS):
        lacking = [each for each in facts.refused if each.feature == feature]
        check = f"you: {feature}"
        if not lacking:
            yield Finding(check, Level.GOOD, f"allowed in {facts.namespace}")
            continue
        told = ", ".join(f"{each.verb} {each.resource}" for each in lacking)
        role = max((each.role for each in lacking), key=ROLES.index)
        advice = f"Ask for the role {role} in {facts.namespace}."
        yield Finding(check, Level.WARNING, f"you may not {told}", advice)


Check = Callable[[Facts], Finding | None]
CHECKS: Final[tuple[Check, ...]] = (
    kubernetes,
    namespace,
    definitions,
    operator,
    releases,
    storage,
    metrics,
    network_policies,
)


def findings(facts: Facts) -> list[Finding]:
    """Everything that the checks say, the most needed first."""
    single = [finding for check in CHECKS if (finding := check(facts))]
    return [*single, *systems(facts), *optional(facts), *rights(facts)]


def something_missing(found: Iterable[Finding]) -> bool:
    """Whether no system can run like this."""
    return any(each.level is Level.MISSING for each in found)


def text(found: Sequence[Finding]) -> RenderableType:
    """The findings, each with what to do about it."""
    width = max(len(each.check) for each in found)
    return Group(*(_lines(each, width) for each in found))


def data(found: Iterable[Finding]) -> dict[str, Any]:
    """The same for programs."""
    return {"findings": [asdict(each) for each in found]}


def _lines(finding: Finding, width: int) -> Text:
    line = Text.assemble(MARKS[finding.level], " ", (finding.check.ljust(width), "bold"), "  ")
    line.append(finding.message)
    if finding.advice:
        line.append(f"\n{' ' * (width + 4)}{finding.advice}", style="dim")
    return line
