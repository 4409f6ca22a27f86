"""Whether the modules can keep their data, in one verdict, and what is known of each service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from arkalia_contract.labels import DATA
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired, names
from arkalia_operator.desired.data.access import BLOCKS, DataService
from arkalia_operator.desired.kinds import CLUSTER, JOB, Kind
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning import servers, volumes
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.findings import (
    Finding,
    crash_trouble,
    image_trouble,
    schedule_trouble,
    start_trouble,
)
from arkalia_operator.planning.jobs import job_finding
from arkalia_operator.planning.observed import ObjectKey, Observed, PodRecord
from arkalia_operator.planning.plan import is_served, key_of
from arkalia_operator.planning.verdicts import Verdict, broken

INSTALL_CNPG: Final = (
    "the cluster does not serve postgresql.cnpg.io/v1: install CloudNativePG, or write "
    "spec.data.postgresql.mode: builtin"
)


@dataclass(frozen=True, slots=True)
class DataState:
    """How far the credentials of a system's data are."""

    needed: frozenset[DataService] = frozenset()
    problems: tuple[Finding, ...] = ()
    """What keeps data services from being used."""
    pending: tuple[str, ...] = ()
    """Names of the Secrets that modules do not have yet."""
    failures: tuple[Failure, ...] = ()
    """Secrets that could not be written."""


@dataclass(frozen=True, slots=True)
class DataView:
    """Everything known of the data services of a system."""

    system: ArkaliaSystem
    desired: Desired
    observed: Observed
    failures: Sequence[Failure] = ()
    """Actions of the plan that the API server refused."""
    state: DataState = field(default_factory=DataState)

    @property
    def manifests(self) -> list[Manifest]:
        """What must exist for the data services."""
        return [each for each in self.desired.manifests if DATA in each["metadata"]["labels"]]

    @property
    def reason_before(self) -> str:
        """What the last status gave as reason."""
        kind = ConditionType.DATA_READY
        before = (each for each in self.system.status.conditions if each.type == kind)
        return next((each.reason for each in before), "")


def verdict(view: DataView) -> Verdict:
    """The condition `DataReady`."""
    kind = ConditionType.DATA_READY
    if not view.state.needed:
        return Verdict(kind, "True", Reason.NOT_NEEDED, Reason.NOT_NEEDED.meaning)
    found = [each for check in CHECKS for each in check(view)]
    found.sort(key=lambda each: not each.doomed)
    if not found:
        named = ", ".join(sorted(view.state.needed))
        message = f"Prepared for every module: {named}."
        said = "".join([message, *volumes.larger_than_asked(view.manifests, view.observed)])
        return Verdict(kind, "True", Reason.PROVISIONED, said)
    messages = dict.fromkeys(each.message for each in found)
    first, message = found[0], "; ".join(first_of([*messages]))
    return broken(kind, first.reason, message, doomed=first.doomed)


def _problems(view: DataView) -> Iterator[Finding]:
    """What lies in Secrets and volumes."""
    yield from view.state.problems


def _not_served(view: DataView) -> Iterator[Finding]:
    """CloudNativePG is asked for, and not installed."""
    if not all(is_served(each, view.observed) for each in view.manifests if _is(each, CLUSTER)):
        yield Finding(Reason.KIND_NOT_SERVED, INSTALL_CNPG, doomed=True)


def _refused(view: DataView) -> Iterator[Finding]:
    """The API server did not take an object."""
    wanted = {key_of(each) for each in view.manifests}
    of_objects = (each for each in view.failures if each.key in wanted)
    for failure in (*view.state.failures, *of_objects):
        message = f"{failure.key}: {failure.message}"
        volume = failure.permanent and failure.key in volumes.claims(view.manifests, view.observed)
        reason = Reason.VOLUME_CANNOT_CHANGE if volume else Reason.APPLY_FAILED
        yield Finding(reason, message, doomed=failure.permanent)


def _growing(view: DataView) -> Iterator[Finding]:
    """A volume does not have the size yet that it is asked for."""
    yield from volumes.growing(view.manifests, view.observed)


def _servers(view: DataView) -> Iterator[Finding]:
    """A server is not there, or does not answer."""
    for key, pods in servers.silent(view.manifests, view.observed):
        yield _server(view, key, pods)


def _server(view: DataView, key: ObjectKey, pods: Sequence[PodRecord]) -> Finding:
    """Why the one server of a StatefulSet does not answer."""
    trouble = (
        _storage_class_missing(view, key)
        or image_trouble(pods, "")
        or start_trouble(pods)
        or crash_trouble(pods, view.reason_before, "the server")
        or schedule_trouble(pods)
    )
    if trouble is not None:
        return trouble
    if view.reason_before in (Reason.PROVISIONED, Reason.RESTARTING):
        message = f"{key.name} restarts: it has one instance, and serves nothing until it is ready"
        return Finding(Reason.RESTARTING, message, doomed=False)
    return Finding(Reason.PROVISIONING, f"{key.name} starts", doomed=False)


def _storage_class_missing(view: DataView, server: ObjectKey) -> Finding | None:
    """The volume of *server* waits for a StorageClass that nobody names."""
    service = _service(view, server)
    return volumes.class_missing(server, f"{BLOCKS[service]}.storage", view.observed)


def _service(view: DataView, server: ObjectKey) -> DataService:
    """The one that *server* is of."""
    system = view.system.name
    return next(each for each in DataService if names.data_service(system, each) == server.name)


def _jobs(view: DataView) -> Iterator[Finding]:
    """A service is not prepared."""
    for manifest in view.manifests:
        if _is(manifest, JOB):
            record = view.observed.children.get(key_of(manifest))
            if record is None:
                message = f"{key_of(manifest)} waits for its server"
                yield Finding(Reason.PROVISIONING, message, doomed=False)
            elif (found := job_finding(record, view.observed)) is not None:
                yield found


def _not_handed_over(view: DataView) -> Iterator[Finding]:
    """Modules do not have what they need to get in, and nothing else says why."""
    if view.state.pending and not view.state.problems:
        first = ", ".join(first_of(view.state.pending))
        number = len(view.state.pending)
        noun = "1 Secret is" if number == 1 else f"{number} Secrets are"
        message = f"{noun} to be written: {first}"
        yield Finding(Reason.PROVISIONING, message, doomed=False)


CHECKS: Final[tuple[Callable[[DataView], Iterator[Finding]], ...]] = (
    _problems,
    _not_served,
    _refused,
    _servers,
    _jobs,
    _not_handed_over,
    _growing,
)


def _is(manifest: Manifest, kind: Kind) -> bool:
    return bool(manifest["kind"] == kind.name)
