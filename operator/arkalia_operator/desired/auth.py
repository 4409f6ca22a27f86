"""`spec.auth`: how people prove who they are, and by whose word the gateway believes it."""

from __future__ import annotations

from dataclasses import asdict

from arkalia_contract import environment
from arkalia_contract.access import OpenIdProvider
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import outside
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import ResolvedModule


def openid(system: ArkaliaSystem) -> dict[str, object] | None:
    """The provider that a public module is told of; None where the system names none."""
    wanted = system.spec.auth.oidc
    if wanted is None:
        return None
    provider = OpenIdProvider(
        wanted.issuer, wanted.audience, wanted.roles_claim, wanted.default_roles
    )
    return asdict(provider)


def variables(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    """What a container of *module* is told, if it is the one that people log in to."""
    auth = system.spec.auth
    if not module.spec.needs.first_credential:
        return {}
    minutes, mfa = auth.session_minutes, auth.mfa
    told = {} if minutes is None else {environment.SESSION_MINUTES: str(minutes)}
    return told | ({} if mfa is None else {environment.MFA: mfa})


def egress(system: ArkaliaSystem, module: ResolvedModule) -> list[Manifest]:
    """The way of a public module to the provider."""
    if system.spec.auth.oidc is None or not module.spec.public:
        return []
    return outside.to_ports(system.spec.auth.oidc.issuer)
