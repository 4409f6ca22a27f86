"""Certificates of somebody else's authority: cert-manager is asked, and its Secrets are served.

The story does what cert-manager does with a Certificate: it signs, writes the Secret, and says so.
cert-manager itself is not part of the development cluster; its definitions are those of its release.
"""

import base64
from datetime import UTC, datetime

import pytest
import yaml

from arkalia_contract import files
from arkalia_operator.cluster import signing
from arkalia_operator.desired import kinds, names
from cluster.development import definitions
from cluster.kinds import Ref
from cluster.systems import GATEWAY, System, uids
from cluster.waiting import eventually

DEFINITION = "cert-manager.io_certificates.yaml"
HOUR = 3600.0


@pytest.fixture(scope="module")
def certificates(kube):
    """The API server serves Certificates."""
    text = (definitions("cert-manager") / DEFINITION).read_text(encoding="utf-8")
    definition = yaml.safe_load(text)
    kube.apply(definition)
    yield
    kube.delete(Ref.of(definition))


class Issuer:
    """Somebody's authority, who answers Certificates."""

    def __init__(self, kube, namespace):
        self._kube = kube
        self._namespace = namespace
        self._validity = signing.Validity(datetime.now(UTC), HOUR)
        self._authority = signing.make_authority("corporate", "corporate", self._validity)

    @property
    def pem(self):
        return self._authority.certificate.decode()

    def answer(self):
        """Sign what is asked for and not there. Raises AssertionError while nothing is asked for."""
        asked = self._kube.find(kinds.CERTIFICATE, self._namespace)
        assert asked, "no Certificate yet"
        for each in asked:
            name = each["spec"]["secretName"]
            if self._kube.get(Ref(kinds.SECRET, self._namespace, name)) is None:
                self._issue(each)

    def _issue(self, certificate):
        spec = certificate["spec"]
        pair = signing.sign(signing.authority(self._authority), spec["dnsNames"], self._validity)
        content = {
            files.CERTIFICATE_KEY: pair.certificate,
            files.PRIVATE_KEY_KEY: pair.private_key,
            files.AUTHORITY_KEY: self._authority.certificate,
        }
        self._kube.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/tls",
                "metadata": {
                    "name": spec["secretName"],
                    "namespace": self._namespace,
                    **spec["secretTemplate"],
                },
                "data": {key: base64.b64encode(text).decode() for key, text in content.items()},
            }
        )
        self._say_ready(Ref.of(certificate))

    def _say_ready(self, ref):
        ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "It is there."}
        answer = self._kube.http.patch(
            f"{ref.path}/status",
            headers={"Content-Type": "application/merge-patch+json"},
            json={"status": {"conditions": [ready]}},
        )
        answer.raise_for_status()


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, certificates):
    """A system that takes its certificates from cert-manager; nobody answers it yet."""
    tls = {"mode": "certManager", "issuerRef": {"name": "corporate", "kind": "ClusterIssuer"}}
    return System(kube, namespace, "luna").declare(modules=GATEWAY, security={"tls": tls})


def test_system_says_what_it_waits_for_until_the_certificates_are_there(luna):
    found = eventually(lambda: luna.expect("IdentityReady", "Unknown"))

    assert "luna-helloria-tls" in found["message"]


def test_system_serves_with_certificates_of_the_issuer(luna, kube):
    issuer = Issuer(kube, luna.namespace)

    def ready():
        issuer.answer()
        return luna.expect("Ready", "True")

    eventually(ready)
    told = Ref(kinds.CONFIG_MAP, luna.namespace, names.trust(luna.name))
    trusted = kube.require(told)["data"]

    assert issuer.pem.strip() in trusted[files.AUTHORITY_KEY]
    assert luna.reach().get("/health/ready").status_code == 200


def test_certificates_of_modules_that_are_gone_are_asked_for_no_more(luna, kube):
    before = uids(kube.find(kinds.CERTIFICATE, luna.namespace))

    luna.change(modules={"helloria": {"enabled": False}})

    def fewer():
        left = uids(kube.find(kinds.CERTIFICATE, luna.namespace))
        assert left < before, f"{len(left)} Certificates"

    eventually(fewer)
