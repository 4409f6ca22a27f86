"""What the parts of a system need to check each other: one ConfigMap, read by all of them."""

from __future__ import annotations

from dataclasses import dataclass

from arkalia_contract import files
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.metadata import manifest, system_labels


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs the tokens of the cluster's ServiceAccounts."""

    url: str
    keys: str
    """Its public keys: a JSON Web Key Set."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything public by which one part of a system knows another."""

    issuer: Issuer
    authorities: tuple[str, ...]
    """Certificates, PEM."""


def trust_manifest(system: ArkaliaSystem, version: str, trust: Trust) -> Manifest:
    """The ConfigMap that every pod of *system* reads again when it changes."""
    return manifest(
        kinds.CONFIG_MAP,
        names.trust(system.name),
        system,
        system_labels(system, version),
        data={
            files.AUTHORITY_KEY: "".join(trust.authorities),
            files.ISSUER_KEY: trust.issuer.url,
            files.KEYS_KEY: trust.issuer.keys,
        },
    )
