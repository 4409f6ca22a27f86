import subprocess

import pytest

from arkalia_dev.certificates import LEAVES, actions, are_valid
from arkalia_dev.paths import CHECKOUT
from arkalia_dev.run import perform
from arkalia_dev.subnets import Subnets

SUBNETS = Subnets(210)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A set made by the real openssl."""
    folder = tmp_path_factory.mktemp("state") / "pki"
    for action in actions(folder, CHECKOUT / "dev/node/openssl.cnf", SUBNETS):
        perform(action, folder.with_name("log"))
    return folder


def openssl(*words):
    done = subprocess.run(
        ["openssl", *words], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


def test_set_is_valid_for_the_addresses_that_it_was_made_for(pki):
    assert are_valid(pki, SUBNETS)


def test_set_is_made_again_when_the_addresses_changed(pki):
    assert not are_valid(pki, Subnets(211))


def test_set_is_made_again_when_a_part_is_missing(pki, tmp_path):
    assert not are_valid(tmp_path, SUBNETS)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.file)
def test_certificate_is_signed_by_its_authority(pki, leaf):
    told = openssl(
        "verify", "-CAfile", str(pki / f"{leaf.authority}.crt"), str(pki / f"{leaf.file}.crt")
    )

    assert told.strip().endswith(": OK")


def test_api_server_is_known_by_its_addresses(pki):
    told = openssl("x509", "-in", str(pki / "apiserver.crt"), "-noout", "-ext", "subjectAltName")

    assert f"IP Address:{SUBNETS.node}" in told
    assert f"IP Address:{SUBNETS.kubernetes}" in told
    assert "DNS:kubernetes.default.svc" in told


def test_certificates_last_a_year_and_more(pki):
    a_year = str(366 * 24 * 3600)

    told = [openssl("x509", "-checkend", a_year, "-in", str(pki / f"{x.file}.crt")) for x in LEAVES]

    assert all("will not expire" in text for text in told)


def test_keys_are_their_owners_alone(pki):
    assert {key.stat().st_mode & 0o777 for key in pki.glob("*.key")} == {0o600}
    assert pki.stat().st_mode & 0o777 == 0o700
