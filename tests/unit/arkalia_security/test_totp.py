"""One-time passwords by time."""

import re

import pyotp
import pytest

from arkalia_security import totp

SECRET = pyotp.random_base32()
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = 1_800_000_015.0
STEP = int(NOW) // totp.PERIOD_SECONDS


def code(step):
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")]
)
def test_codes_are_those_of_rfc_6238(seconds, expected):
    assert totp.step_of(RFC_SECRET, expected, seconds, 0) == seconds // 30


@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_code_of_the_steps_beside_is_good(beside):
    assert totp.step_of(SECRET, code(STEP + beside), NOW, 0) == STEP + beside


@pytest.mark.parametrize("beside", [-2, 2])
def test_code_of_other_steps_is_not(beside):
    assert totp.step_of(SECRET, code(STEP + beside), NOW, 0) is None


def test_step_that_was_used_and_those_before_it_are_good_no_more():
    assert totp.step_of(SECRET, code(STEP), NOW, STEP) is None
    assert totp.step_of(SECRET, code(STEP - 1), NOW, STEP) is None
    assert totp.step_of(SECRET, code(STEP + 1), NOW, STEP) == STEP + 1


@pytest.mark.parametrize("text", ["", "abcdef", "1234567", "١٢٣٤٥٦"])
def test_other_texts_are_no_code(text):
    assert totp.step_of(SECRET, text, NOW, 0) is None


def test_recovery_codes_are_easily_copied():
    codes = totp.new_recovery_codes()

    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", each) for each in codes)
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert totp.bare(f" {codes[0].upper()} ") == totp.bare(codes[0].replace("-", " "))


def test_address_names_system_and_user():
    assert totp.address(RFC_SECRET, "ada", "Arkalia luna") == (
        f"otpauth://totp/Arkalia%20luna:ada?secret={RFC_SECRET}&issuer=Arkalia%20luna"
    )
