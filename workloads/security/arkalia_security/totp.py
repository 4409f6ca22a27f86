"""One-time passwords by time (RFC 6238), and recovery codes for who lost their device. Pure.

A code is good for its half minute and the ones beside it. The step of the last one that was used is
stored, and that step and all before it are good no more: a code that was seen cannot be used again.
"""

import base64
import hmac
import secrets
from typing import Final

import pyotp

PERIOD_SECONDS: Final = 30
BESIDE: Final = 1
"""Steps before and after: clocks differ."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
GROUP: Final = 4


def new_secret() -> str:
    """A secret of 160 bits, as RFC 4226 asks for."""
    return pyotp.random_base32()


def address(secret: str, user: str, issuer: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret, name=user, issuer=issuer).provisioning_uri()


def step_of(secret: str, code: str, now: float, last: int) -> int | None:
    """The step that *code* is of, if it is a later one than *last*; None if it is no good."""
    current, totp = int(now) // PERIOD_SECONDS, pyotp.TOTP(secret)
    found = None
    for step in range(current - BESIDE, current + BESIDE + 1):
        # All are compared: how long it takes does not tell which one it was.
        fits = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if fits and step > last:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Codes of 80 bits, each good once."""
    return [_grouped(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def bare(code: str) -> str:
    """A recovery code without what people add or leave out when they copy it."""
    return "".join(code.split()).replace("-", "").lower()


def _grouped(chance: bytes) -> str:
    text = base64.b32encode(chance).decode().lower()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))
