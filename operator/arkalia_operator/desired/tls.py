"""`spec.security.tls`: with cert-manager, what is asked of it; its Secrets are mounted like ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.certificates import WantedCertificate, wanted_certificates
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.metadata import manifest, module_labels, system_labels
from arkalia_operator.desired.resolved import Resolution

DURATION: Final = "2160h0m0s"
"""90 days, in the form in which cert-manager stores it."""
RENEW_BEFORE: Final = "720h0m0s"
"""At two thirds of its life."""
PRIVATE_KEY: Final = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def manifests(system: ArkaliaSystem, resolution: Resolution) -> Iterator[Manifest]:
    """A Certificate for each rendered module that serves HTTPS, each data service, and the edge.

    Nothing in mode `builtin`.
    """
    if system.spec.security.tls.mode != "certManager":
        return
    modules = {each.name: each for each in resolution.modules}
    for wanted in wanted_certificates(system, resolution):
        if wanted.data:
            own = {**system_labels(system, resolution.version), labels.DATA: wanted.data}
            yield _certificate(system, own, wanted)
        elif wanted.edge:
            own = {**system_labels(system, resolution.version), labels.EDGE: "true"}
            yield _certificate(system, own, wanted)
        elif wanted.module in modules:
            own = module_labels(system, modules[wanted.module], names.MAIN)
            yield _certificate(system, own, wanted)


def _certificate(
    system: ArkaliaSystem, object_labels: dict[str, str], wanted: WantedCertificate
) -> Manifest:
    issuer = system.spec.security.tls.issuer_ref
    return manifest(
        kinds.CERTIFICATE,
        wanted.secret,
        system,
        object_labels,
        spec={
            "secretName": wanted.secret,
            "secretTemplate": {"labels": {labels.SYSTEM: system.name}},
            "commonName": wanted.dns_names[0],
            "dnsNames": list(wanted.dns_names),
            "duration": DURATION,
            "renewBefore": RENEW_BEFORE,
            "privateKey": PRIVATE_KEY,
            "usages": ["digital signature", "server auth"],
            "issuerRef": issuer.model_dump() if issuer else {},
        },
    )
