"""Certificates are judged by OpenSSL itself: two ends shake hands with what was signed."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.cluster import signing
from arkalia_operator.cluster.signing import KeyPair, Validity

NAMES = ("luna-zeroia", "luna-zeroia.team-a.svc", "localhost")
YEAR = 365 * 86400.0


def now():
    return datetime.now(UTC).replace(microsecond=0)


def an_authority(seconds=YEAR):
    return signing.make_authority("team-a", "luna", Validity(now(), seconds))


def a_leaf(authority, seconds=3600.0, names=NAMES):
    return signing.sign(signing.authority(authority), names, Validity(now(), seconds))


@pytest.fixture
def shake_hands(tmp_path):
    """A handshake in memory; raises ssl.SSLCertVerificationError."""

    def shake(leaf, *trusted, name="luna-zeroia.team-a.svc"):
        (tmp_path / "tls.crt").write_bytes(leaf.certificate)
        (tmp_path / "tls.key").write_bytes(leaf.private_key)
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
        calling = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        calling.verify_flags |= ssl.VERIFY_X509_STRICT
        calling.load_verify_locations(cadata="".join(each.certificate.decode() for each in trusted))
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = calling.wrap_bio(back, there, server_hostname=name)
        server = serving.wrap_bio(there, back, server_side=True)
        for _ in range(4):
            for end in (client, server):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        return client.version()

    return shake


def test_certificate_of_the_authority_is_trusted(shake_hands):
    authority = an_authority()

    assert shake_hands(a_leaf(authority), authority) == "TLSv1.3"


@pytest.mark.parametrize("name", NAMES)
def test_certificate_is_good_for_each_of_its_names(shake_hands, name):
    authority = an_authority()

    assert shake_hands(a_leaf(authority), authority, name=name)


def test_certificate_is_good_for_no_other_name(shake_hands):
    authority = an_authority()

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(a_leaf(authority), authority, name="luna-helloria.team-a.svc")


def test_certificate_of_another_authority_is_not_trusted(shake_hands):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(a_leaf(an_authority()), an_authority())


def test_certificates_of_both_authorities_are_trusted_while_one_follows_another(shake_hands):
    old, new = an_authority(), an_authority()

    assert shake_hands(a_leaf(old), old, new)
    assert shake_hands(a_leaf(new), old, new)


def test_a_module_cannot_sign_for_another(shake_hands):
    authority = an_authority()
    forged = a_leaf(a_leaf(authority))

    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(forged, authority)


def test_certificate_never_outlives_its_authority():
    authority = an_authority(seconds=600)

    leaf = signing.read(a_leaf(authority, seconds=3600).certificate)

    assert leaf.expires == signing.read(authority.certificate).expires


def test_what_was_signed_can_be_read():
    authority, before = an_authority(), now()
    leaf = a_leaf(authority)

    signer = signing.read(authority.certificate, authority.private_key)
    found = signing.read(leaf.certificate, leaf.private_key)

    assert found.dns_names == frozenset(NAMES)
    assert found.signer_id == signer.key_id == signer.signer_id
    assert found.signs
    assert signer.signs
    assert before <= found.issued <= now()
    assert found.expires - found.issued == timedelta(hours=1)
    assert found.pem.encode() == leaf.certificate


@pytest.mark.parametrize("key", [None, b"", b"no key"], ids=["none", "empty", "garbage"])
def test_certificate_without_its_key_is_known(key):
    assert not signing.read(an_authority().certificate, key).signs


def test_key_of_another_certificate_is_known():
    assert not signing.read(an_authority().certificate, an_authority().private_key).signs


@pytest.mark.parametrize("text", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_cannot_be_read(text):
    assert signing.read(text) is None


def test_key_pair_does_not_show_its_key():
    pair = KeyPair(b"certificate", b"secret")

    assert "secret" not in repr(pair)
