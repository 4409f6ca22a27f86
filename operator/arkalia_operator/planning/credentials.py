"""Which passwords must exist now, and which of them each module holds.

A password is made once and kept. When `spec.data.credentials.revision` is raised it is followed by
another one in steps, each of them safe at any time and decided from what is there:

    add        the next password is made, in the place that is free
    provision  the data service knows both (a Job, `desired.data.provisioning`)
    hand over  the module's Secret holds the next one
    retire     every pod has had the time to read it: the old one ends
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Accounts, Login
from arkalia_operator.desired.data.needs import WantedSecret
from arkalia_operator.desired.data.sql import SLOTS
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.external import External
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.strangers import secrets_in_the_way


@dataclass(frozen=True, slots=True)
class AdminSecret:
    """The Secret of a data service, without what is secret in it."""

    name: str
    resource_version: str
    owner_uid: str
    """Uid of the ArkaliaSystem that owns it; empty if none does."""
    lineage: str
    is_ours: bool
    """Whether it is labelled as an object of a system of this name."""
    accounts: Accounts | None
    """None if they cannot be read."""
    provision: str = ""
    """Key of what must be applied."""
    complete: bool = False
    """Whether it holds all that it must."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a module's Secret holds of one data service."""

    login: str
    """Id of the login."""
    endpoint: str
    """Digest of the endpoint."""


@dataclass(frozen=True, slots=True)
class ModuleSecret:
    """A Secret by which a module reaches its data, without what is secret in it."""

    name: str
    resource_version: str
    is_ours: bool
    given: Mapping[DataService, Given] = field(default_factory=dict)
    """Those that are as they were written."""
    written_at: datetime | None = None
    is_leaving: bool = False
    """Whether it is of a deleted system of the same name."""


@dataclass(frozen=True, slots=True)
class ObservedCredentials:
    """What the Secrets of a system's data say."""

    admin: Mapping[DataService, AdminSecret] = field(default_factory=dict)
    modules: Mapping[str, ModuleSecret] = field(default_factory=dict)
    """By name."""
    external: Mapping[DataService, External | Finding] = field(default_factory=dict)
    """What users' Secrets say."""
    authority: str = ""
    """The authority of CloudNativePG's certificates, PEM; empty while it has not made one."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A login that must be there; without an id it is to be made."""

    slot: int
    revision: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class WriteAdmin:
    """Write the Secret of a data service."""

    service: DataService
    secret: AdminSecret | None
    """What is replaced, and only that."""
    logins: Mapping[str, tuple[Slot, ...]]
    what: ClassVar[str] = "passwords"


@dataclass(frozen=True, slots=True)
class HandOver:
    """Write a Secret of a module."""

    wanted: WantedSecret
    secret: ModuleSecret | None
    """What is replaced, and only that."""
    logins: Mapping[DataService, Login]
    what: ClassVar[str] = "hand-over"


Step = WriteAdmin | HandOver


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is decided."""

    now: datetime
    spread_seconds: float


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What is known of one data service."""

    service: DataService
    endpoint: Endpoint
    wanted: frozenset[str]
    """Accounts that must exist."""
    revision: int
    secret: AdminSecret | None
    provision: str
    """Key of what its accounts say must be applied."""
    provisioned: bool
    """Whether that was applied."""
    owned: bool
    """Whether the Secret shall end with the system."""
    lineage: str

    @property
    def accounts(self) -> Accounts:
        """Its logins by account."""
        return (self.secret.accounts if self.secret else None) or {}


def steps(
    views: Mapping[DataService, ServiceView],
    wanted: tuple[WantedSecret, ...],
    modules: Mapping[str, ModuleSecret],
    moment: Moment,
) -> tuple[Step, ...]:
    """What to write now. Empty: nothing, until a Job has succeeded or time has passed."""
    first = tuple(each for view in views.values() for each in _admin(view, wanted, modules, moment))
    return first or tuple(_hand_overs(views, wanted, modules))


def pending(
    views: Mapping[DataService, ServiceView],
    wanted: tuple[WantedSecret, ...],
    modules: Mapping[str, ModuleSecret],
) -> tuple[str, ...]:
    """Names of the Secrets that do not hold what they must."""
    return tuple(
        each.name for each in wanted if not _holds_newest(each, views, modules.get(each.name))
    )


def taken(
    namespace: str, wanted: tuple[WantedSecret, ...], modules: Mapping[str, ModuleSecret]
) -> tuple[Failure, ...]:
    """A failure for each Secret that somebody else has in the place of a module's."""
    found = (modules.get(each.name) for each in wanted)
    return secrets_in_the_way(namespace, (each for each in found if each and not each.is_ours))


def next_look(
    views: Mapping[DataService, ServiceView],
    wanted: tuple[WantedSecret, ...],
    modules: Mapping[str, ModuleSecret],
    moment: Moment,
) -> float | None:
    """Seconds until a password can be retired; None if none is to be."""
    spread = timedelta(seconds=moment.spread_seconds)
    waits = [
        (found.written_at + spread - moment.now).total_seconds()
        for each in wanted
        for service, account in each.accounts.items()
        if service in views and len(views[service].accounts.get(account, ())) > 1
        if (found := modules.get(each.name)) and found.written_at
    ]
    return max(0.0, min(waits)) if waits else None


def _admin(
    view: ServiceView,
    wanted: tuple[WantedSecret, ...],
    modules: Mapping[str, ModuleSecret],
    moment: Moment,
) -> Iterator[WriteAdmin]:
    holders = {
        account: (each, modules.get(each.name))
        for each in wanted
        for service, account in each.accounts.items()
        if service is view.service
    }
    logins = {
        name: _slots(name, view, holders, moment)
        for name in sorted(view.wanted | view.accounts.keys())
    }
    there = {name: tuple(map(_as_slot, each)) for name, each in view.accounts.items()}
    if logins != there or not _is_as_wanted(view):
        yield WriteAdmin(view.service, view.secret, logins)


def _is_as_wanted(view: ServiceView) -> bool:
    secret = view.secret
    return (
        secret is not None
        and secret.complete
        and secret.provision == view.provision
        and bool(secret.owner_uid) == view.owned
        and secret.lineage == view.lineage
    )


def _slots(
    name: str,
    view: ServiceView,
    holders: Mapping[str, tuple[WantedSecret, ModuleSecret | None]],
    moment: Moment,
) -> tuple[Slot, ...]:
    """The logins that the account *name* must have now."""
    found = tuple(map(_as_slot, view.accounts.get(name, ())))
    if name not in view.wanted:
        return found
    if not found:
        return (Slot(SLOTS[0], view.revision),)
    newest = view.accounts[name][-1]
    holder = holders[name][1]
    if not _holds(holder, view, newest):
        return found
    if len(found) > 1:
        return found[-1:] if _is_known(holder, moment) else found
    if newest.revision < view.revision:
        [free] = [each for each in SLOTS if each != newest.slot]
        return (*found, Slot(free, view.revision))
    return found


def _hand_overs(
    views: Mapping[DataService, ServiceView],
    wanted: tuple[WantedSecret, ...],
    modules: Mapping[str, ModuleSecret],
) -> Iterator[HandOver]:
    for each in wanted:
        found = modules.get(each.name)
        if found is not None and not found.is_ours:
            continue
        ready = all(service in views and views[service].provisioned for service in each.accounts)
        if ready and not _holds_newest(each, views, found):
            newest = {
                service: views[service].accounts[account][-1]
                for service, account in each.accounts.items()
            }
            yield HandOver(each, found, newest)


def _holds_newest(
    wanted: WantedSecret, views: Mapping[DataService, ServiceView], found: ModuleSecret | None
) -> bool:
    """Whether a module's Secret holds the newest login of everything that it needs."""
    return all(
        service in views and _holds_newest_of(account, views[service], found)
        for service, account in wanted.accounts.items()
    )


def _holds_newest_of(account: str, view: ServiceView, found: ModuleSecret | None) -> bool:
    logins = view.accounts.get(account, ())
    return bool(logins) and _holds(found, view, logins[-1])


def _holds(found: ModuleSecret | None, view: ServiceView, login: Login) -> bool:
    given = found.given.get(view.service) if found else None
    return given == Given(login.id, view.endpoint.digest)


def _is_known(found: ModuleSecret | None, moment: Moment) -> bool:
    """Whether every pod has had the time to read what its Secret holds."""
    since = found.written_at if found else None
    return since is not None and moment.now >= since + timedelta(seconds=moment.spread_seconds)


def _as_slot(login: Login) -> Slot:
    return Slot(login.slot, login.revision, login.id)
