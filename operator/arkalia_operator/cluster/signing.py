"""Keys and certificates: made, signed and read. ECDSA on P-256, which every TLS library knows.

Private keys are bytes that come in and go out; nothing here keeps, shows or logs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from arkalia_operator.planning.certificates import CertificateRecord

Extension = TypeVar("Extension", bound=x509.ExtensionType)

BACKDATED: Final = timedelta(seconds=60)
"""How much earlier than now validity begins: clocks of nodes may be late."""
SHORT_ID: Final = 8


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, PEM."""

    certificate: bytes
    private_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Validity:
    """From when, and for how many seconds."""

    now: datetime
    seconds: float


def make_authority(namespace: str, system: str, validity: Validity) -> KeyPair:
    """An authority of its own for one system: it can sign for modules, and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    subject = _name(namespace, system, f"authority {identifier.digest.hex()[:SHORT_ID]}")
    usage = _usage(certificates=True)
    signed = (
        _builder(subject, subject, key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier(identifier.digest, None, None), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pair(signed, key)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that signs others, ready to do so."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def authority(pair: KeyPair) -> Authority:
    """*pair* as an authority. Raises ValueError if it cannot be read."""
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    return Authority(certificate, _private_key(pair.private_key))


def sign(by: Authority, dns_names: Sequence[str], validity: Validity) -> KeyPair:
    """A server's certificate for *dns_names*, signed *by* an authority; it never outlives that."""
    signer = by.certificate
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns_names[0])])
    left = (signer.not_valid_after_utc - validity.now).total_seconds()
    bounded = Validity(validity.now, min(validity.seconds, left))
    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in dns_names])
    signed = (
        _builder(subject, signer.subject, key.public_key(), bounded)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()),
            critical=False,
        )
        .sign(by.key, hashes.SHA256())
    )
    return _pair(signed, key)


def read(certificate: bytes, private_key: bytes | None = None) -> CertificateRecord | None:
    """What *certificate* (PEM) says; None if it cannot be read."""
    try:
        found = x509.load_pem_x509_certificate(certificate)
        identifier = _extension(found, x509.SubjectKeyIdentifier).digest
        signer = _extension(found, x509.AuthorityKeyIdentifier).key_identifier or b""
    except (ValueError, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return None
    return CertificateRecord(
        issued=found.not_valid_before_utc + BACKDATED,
        expires=found.not_valid_after_utc,
        key_id=identifier.hex(),
        signer_id=signer.hex(),
        dns_names=_dns_names(found),
        pem=found.public_bytes(serialization.Encoding.PEM).decode(),
        signs=private_key is not None and _fits(found, private_key),
    )


def _extension(found: x509.Certificate, kind: type[Extension]) -> Extension:
    return found.extensions.get_extension_for_class(kind).value


def _dns_names(found: x509.Certificate) -> frozenset[str]:
    try:
        names = _extension(found, x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(names.get_values_for_type(x509.DNSName))


def _fits(found: x509.Certificate, private_key: bytes) -> bool:
    """Whether *private_key* is the one of the certificate."""
    try:
        return _private_key(private_key).public_key() == found.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = "the authority's private key is not an elliptic curve key"
        raise ValueError(message)  # noqa: TRY004 - for callers it is unreadable like any other
    return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.now - BACKDATED)
        .not_valid_after(validity.now + timedelta(seconds=validity.seconds))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(organisation: str, unit: str, common: str) -> x509.Name:
    """Each part holds 64 characters (X.520): a namespace has 63 at most."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Signs certificates and their revocations, or handshakes."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    return KeyPair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
