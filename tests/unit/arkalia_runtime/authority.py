"""Real authorities, certificates, signing keys and tokens, laid out as the kubelet mounts them."""

import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from arkalia_contract import identity

ISSUER = "https://kubernetes.default.svc.cluster.local"
NAMESPACE, SYSTEM, MODULE = "team-a", "luna", "zeroia"


def mount(folder: Path, **contents: str | bytes) -> None:
    """Replace all files of *folder* at once, by turning a link, as the kubelet does.

    A key `tls_crt` becomes the file `tls.crt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = len(list(folder.glob("..version*")))
    version = folder / f"..version{versions}"
    version.mkdir()
    for key, content in contents.items():
        name = key.replace("_", ".")
        data = content if isinstance(content, bytes) else content.encode()
        (version / name).write_bytes(data)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)
    (folder / "..new").symlink_to(version.name)
    (folder / "..new").replace(folder / "..data")


class Authority:
    """An authority that signs certificates for this machine."""

    def __init__(self, name: str = "luna authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = (
            _builder(self._name, self._name, self._key.public_key(), timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        *names: str,
        lifetime: timedelta = timedelta(hours=1),
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    ) -> dict[str, bytes]:
        """What the Secret of a certificate for *names* holds, for `mount`."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a module")])
        alternatives = [_alternative(name) for name in names or ("localhost",)]
        certificate = (
            _builder(subject, self._name, key.public_key(), lifetime)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return {
            "tls_crt": certificate.public_bytes(serialization.Encoding.PEM),
            "tls_key": key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        }


def _alternative(name) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject, issuer, public_key, lifetime) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + lifetime)
    )


@dataclass
class Cluster:
    """What signs tokens in a cluster."""

    issuer: str = ISSUER
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, 2048)
    )
    key_id: str = field(default_factory=lambda: os.urandom(8).hex())
    algorithm: str = "RS256"

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, as an API server publishes it."""
        form = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.key.public_key())
        return {**json.loads(form), "kid": self.key_id, "alg": self.algorithm, "use": "sig"}

    def trust(self, *others: "Cluster") -> dict[str, str]:
        """The files of the trust folder that verify tokens, for `mount`."""
        keys = [each.jwk for each in (self, *others)]
        return {"issuer": self.issuer, "keys_json": json.dumps({"keys": keys})}

    def token(self, caller: str = "helloria", **claims: object) -> str:
        """A projected token of *caller* for MODULE; *claims* replace its own, None removes one."""
        return self.signed(projected(caller, **claims))

    def signed(self, claims: dict[str, object], **header: object) -> str:
        """*claims* under this cluster's signature."""
        return jwt.encode(claims, self.key, self.algorithm, {"kid": self.key_id, **header})


def projected(caller: str = "helloria", **claims: object) -> dict[str, object]:
    """The claims of a token that the kubelet gave to a pod of *caller*."""
    now = int(time.time())
    usual = {
        "aud": [identity.audience(NAMESPACE, SYSTEM, MODULE)],
        "exp": now + identity.TOKEN_SECONDS,
        "iat": now,
        "iss": ISSUER,
        "jti": "00000000-0000-4000-8000-000000000000",
        "kubernetes.io": {
            "namespace": NAMESPACE,
            "node": {"name": "node-1"},
            "pod": {"name": f"{SYSTEM}-{caller}-0"},
            "serviceaccount": {"name": identity.account(SYSTEM, caller)},
        },
        "nbf": now,
        "sub": identity.subject(NAMESPACE, SYSTEM, caller),
    }
    return {key: value for key, value in (usual | claims).items() if value is not None}


@dataclass(frozen=True)
class Mounts:
    """The folders of one pod."""

    root: Path

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def trust(self) -> Path:
        return self.root / "trust"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def settings(self) -> dict[str, object]:
        """Settings of a service of the system that looks at its files each time."""
        return {
            "system": SYSTEM,
            "namespace": NAMESPACE,
            "module": MODULE,
            "tls_folder": self.tls,
            "trust_folder": self.trust,
            "identity_folder": self.identity,
            "tokens_folder": self.tokens,
            "data_folder": self.data,
            "look_seconds": 0,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same, for a process."""
        return {f"ARKALIA_{key.upper()}": str(value) for key, value in self.settings.items()}

    def allow(self, **callers: list[str]) -> None:
        """Mount who may call what."""
        mount(self.identity, callers_json=json.dumps(callers))
