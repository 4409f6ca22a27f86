"""Whether the way in from outside is there, in one verdict.

What others' controllers have not said yet holds nobody back: some ingress controllers never say
anything, and a Gateway may be installed later. What they refuse is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired, exposure
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import Problem, ResolvedModule
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.admissions import ADMITTED
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.observed import Admission, ChildRecord, Observed
from arkalia_operator.planning.plan import is_served, key_of
from arkalia_operator.planning.verdicts import Verdict, broken

KINDS: Final = frozenset(kind.name for kind in ADMITTED)
EDGE: Final = "the edge: "
"""How everything begins that is told of the edge."""
INSTALL: Final = (
    "the cluster does not serve {kinds} of gateway.networking.k8s.io/v1: install the Gateway API, or "
    "leave spec.exposure.gateway out"
)


@dataclass(frozen=True, slots=True)
class ExposureView:
    """Everything known of the way in."""

    system: ArkaliaSystem
    desired: Desired
    observed: Observed
    failures: Sequence[Failure] = ()
    """Actions of the plan that the API server refused."""
    edge: Finding | None = None
    """Why the edge is not ready; None if it is, or there is none."""

    @property
    def manifests(self) -> list[Manifest]:
        """What must exist for it."""
        return [each for each in self.desired.manifests if each["kind"] in KINDS]

    @property
    def leads_to(self) -> ResolvedModule | Problem | None:
        """The exposed module, or why there is none."""
        return exposure.exposed(self.system, self.desired.resolution)

    def records(self) -> Iterator[ChildRecord]:
        """The objects that are there."""
        found = (self.observed.children.get(key_of(each)) for each in self.manifests)
        return (each for each in found if each is not None)


def verdict(view: ExposureView) -> Verdict:
    """The condition `ExposureReady`."""
    kind, wanted = ConditionType.EXPOSURE_READY, view.system.spec.exposure
    if not wanted.is_wanted:
        return Verdict(kind, "True", Reason.NOT_EXPOSED, Reason.NOT_EXPOSED.meaning)
    found = next((each for check in CHECKS for each in check(view)), None)
    if found is not None:
        return broken(kind, found.reason, found.message, doomed=found.doomed)
    return Verdict(kind, "True", Reason.EXPOSED, _told(view))


def holds_back(found: Verdict, edge: Finding | None) -> bool:
    """Whether the system is not ready for what was *found*, *edge* of the edge.

    What others have not said yet holds nobody back; the edge is the system's own.
    """
    return found.status == "False" or (found.status != "True" and edge is not None)


def _not_clear(view: ExposureView) -> Iterator[Finding]:
    """Which module is meant."""
    found = view.leads_to
    if isinstance(found, Problem):
        yield Finding(found.reason, found.message, doomed=True)
    elif found is None:
        message = "it is not known which module is public while an ArkaliaModule cannot be read"
        yield Finding(Reason.EXPOSURE_PENDING, message, doomed=False)


def _not_served(view: ExposureView) -> Iterator[Finding]:
    """The Gateway API, or the newer part of it, is not installed."""
    absent = [each["kind"] for each in view.manifests if not is_served(each, view.observed)]
    if absent:
        message = INSTALL.format(kinds=" and ".join(absent))
        yield Finding(Reason.KIND_NOT_SERVED, message, doomed=True)


def _refused_by_api_server(view: ExposureView) -> Iterator[Finding]:
    """An object was not taken."""
    for failure in view.failures:
        if failure.key.kind in KINDS:
            message = f"{failure.key}: {failure.message}"
            yield Finding(Reason.APPLY_FAILED, message, doomed=failure.permanent)


def _edge_not_ready(view: ExposureView) -> Iterator[Finding]:
    """The reverse proxy before the public module is not as it must be."""
    if view.edge is not None:
        yield replace(view.edge, message=f"{EDGE}{view.edge.message}")


def _refused(view: ExposureView) -> Iterator[Finding]:
    """A Gateway says no."""
    for record in view.records():
        if record.admission and record.admission.refusal:
            message = f"{record.key} is refused by {record.admission.refusal}"
            yield Finding(Reason.EXPOSURE_REFUSED, message, doomed=True)


def _not_there(view: ExposureView) -> Iterator[Finding]:
    """An object is not there yet."""
    if len(list(view.records())) < len(view.manifests):
        yield Finding(Reason.OBJECTS_MISSING, "objects are still to be created", doomed=False)


def _not_admitted(view: ExposureView) -> Iterator[Finding]:
    """Nobody says yes or no yet."""
    silent = [each.key for each in view.records() if not (each.admission or Admission()).admitted]
    if silent:
        named = ", ".join(first_of(silent))
        message = f"no controller has taken {named} yet; the modules serve meanwhile"
        yield Finding(Reason.EXPOSURE_PENDING, message, doomed=False)


CHECKS: Final[tuple[Callable[[ExposureView], Iterator[Finding]], ...]] = (
    _not_clear,
    _not_served,
    _refused_by_api_server,
    _edge_not_ready,
    _refused,
    _not_there,
    _not_admitted,
)


def _told(view: ExposureView) -> str:
    module = view.leads_to
    name = module.name if isinstance(module, ResolvedModule) else ""
    found = (
        address for each in view.records() if each.admission for address in each.admission.addresses
    )
    addresses = ", ".join(first_of(dict.fromkeys(found)))
    at = f", at {addresses}" if addresses else ""
    wanted = view.system.spec.exposure
    if not wanted.host:
        return f"The edge leads to {name}."
    through = " through the edge" if wanted.edge.enabled else ""
    return f"{wanted.host} leads to {name}{through}{at}."
