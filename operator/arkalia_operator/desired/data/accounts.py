"""The accounts of modules in a data service, and what they become there and in the modules' pods.

An account has up to two logins: the one in use, and while the password is changed, the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.data import acl, keys, sql
from arkalia_operator.desired.data.access import DataService, Endpoint, digest
from arkalia_operator.desired.data.needs import MIGRATIONS, mode


@dataclass(frozen=True, slots=True)
class Login:
    """One password of an account, without the password."""

    slot: int
    """Which of the two places it takes."""
    revision: int
    """`spec.data.credentials.revision` for which it was made."""
    id: str
    """Tells it from every other login. Nothing secret."""
    verifier: str
    """By which the data service knows the password: a SCRAM verifier, or a SHA-256 digest."""


Accounts = Mapping[str, tuple[Login, ...]]
"""Logins by account, the newest last."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is prepared for the modules."""

    service: DataService
    endpoint: Endpoint
    mark: str
    """Another one when it must be prepared anew: another server or volume, other credentials."""


def provision(
    system: ArkaliaSystem, target: Target, accounts: Accounts, active: Set[str]
) -> tuple[str, str]:
    """Key and text of what must be applied so that the *active* accounts get in, and no others."""
    if target.service is DataService.POSTGRESQL:
        is_own = mode(system, target.service) != "external"
        place = sql.SystemDatabase(target.endpoint.database, system.namespace, system.name, is_own)
        text = sql.provisioning(place, _logins(accounts, active))
    else:
        keep = mode(system, target.service) == "external"
        text = acl.commands(target.service, _users(accounts, active), keep=keep)
    return f"{keys.PROVISION}{digest(text, target.endpoint.digest, target.mark)}", text


def users_file(service: DataService, accounts: Accounts, active: Set[str], admin: str) -> str:
    """From what a builtin Redis starts; *admin* is the digest of the administrator's password."""
    return acl.users(service, _users(accounts, active), admin)


def file(
    system: ArkaliaSystem, target: Target, account: str, login: Login, password: str
) -> dict[str, Any]:
    """What a module is given to reach a data service (`arkalia_contract.data`)."""
    endpoint = target.endpoint
    common = {"host": endpoint.host, "port": endpoint.port, "password": password}
    common["authorities"] = endpoint.authorities
    module = account.removesuffix(MIGRATIONS)
    if target.service is not DataService.POSTGRESQL:
        return {**common, "user": module, "prefix": f"{module}:"}
    role = (
        names.role_of_migrations(system.name, module)
        if account != module
        else names.role_of_slot(system.name, module, login.slot)
    )
    own = {"database": endpoint.database, "schema": names.schema(module), "user": role}
    return {**common, **own}


def _logins(accounts: Accounts, active: Set[str]) -> dict[str, sql.Logins]:
    modules = {each.removesuffix(MIGRATIONS) for each in accounts}
    return {each: _of_module(each, accounts, active) for each in modules}


def _of_module(module: str, accounts: Accounts, active: Set[str]) -> sql.Logins:
    found = accounts.get(module, ()) if module in active else ()
    owner = f"{module}{MIGRATIONS}"
    migrations = accounts.get(owner, ()) if owner in active else ()
    return sql.Logins(
        slots={each.slot: each.verifier for each in found},
        migrations=migrations[-1].verifier if migrations else None,
    )


def _users(accounts: Accounts, active: Set[str]) -> dict[str, list[str]]:
    return {
        name: [each.verifier for each in logins] if name in active else []
        for name, logins in accounts.items()
    }
