"""The certificate that this service shows: replaced while it serves, at a new handshake.

A context is always replaced whole. Loading another certificate into a context in use would leave
it without a key if the two files do not fit each other, and with both certificates if the new one
has another kind of key.
"""

import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography import x509

from arkalia_contract import files
from arkalia_runtime.watched import Watched


@dataclass(frozen=True)
class Served:
    """One certificate, ready for handshakes."""

    context: ssl.SSLContext
    expires: float
    """Unix time of its end."""


class ServerCertificate:
    """What lies in *folder*, in its newest usable form."""

    def __init__(self, folder: Path, look_seconds: float) -> None:
        paths = folder / files.CERTIFICATE_KEY, folder / files.PRIVATE_KEY_KEY
        self._served = Watched(paths, partial(_read, *paths), look_seconds)

    def expires(self) -> float:
        """Unix time at which the certificate in use ends."""
        return self._served.current().expires

    def context(self) -> ssl.SSLContext:
        """A context to listen with. Raises UnreadableError if there is no usable certificate."""
        listening = _server_context()
        self._served.current()
        # Called at every handshake, also for clients that name no server (the kubelet's probes).
        listening.sni_callback = self._take_newest
        return listening

    def _take_newest(self, handshake: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
        handshake.context = self._served.current().context


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _read(certificate: Path, key: Path) -> Served:
    context = _server_context()
    context.load_cert_chain(certificate, key)
    [leaf, *_] = x509.load_pem_x509_certificates(certificate.read_bytes())
    return Served(context, leaf.not_valid_after_utc.timestamp())
