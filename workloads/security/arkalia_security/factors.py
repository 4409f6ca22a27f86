"""The second factor of a user: an authenticator by time, and codes for who has lost it."""

import time
from http import HTTPStatus
from typing import Final, Literal

from arkalia_runtime.database import Connection
from arkalia_runtime.problems import Problem
from arkalia_security import totp
from arkalia_security.ground import Ground, one
from arkalia_security.material import UnsealableError, digest
from arkalia_security.users import WITHOUT_CODES, WITHOUT_FACTOR, tell_credential

Method = Literal["totp", "recovery_code"]

LOCK: Final = "SELECT totp, totp_confirmed, totp_step FROM users WHERE id = %s FOR UPDATE"
BEGIN: Final = "UPDATE users SET totp = %s, totp_confirmed = false, totp_step = 0 WHERE id = %s"
USED: Final = "UPDATE users SET totp_step = %s, totp_confirmed = true WHERE id = %s"
ADD_CODE: Final = "INSERT INTO recovery_codes (user_id, digest) VALUES (%s, %s)"
TAKE_CODE: Final = "DELETE FROM recovery_codes WHERE user_id = %s AND digest = %s RETURNING 1"


class Factors:
    """The second factors in the module's own schema."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def begin(self, connection: Connection, user: str) -> str:
        """The secret for an authenticator, which counts once a code of it was shown."""
        row = await one(connection, LOCK, (user,))
        if row is None or row[1]:
            detail = "There is a second factor already: remove it first."
            raise Problem(HTTPStatus.CONFLICT, detail)
        secret = totp.new_secret()
        sealed = self._ground.material.seal(secret.encode(), _place(user))
        await connection.execute(BEGIN, (sealed, user))
        return secret

    async def confirm(self, connection: Connection, user: str, code: str) -> list[str]:
        """Let the factor count from now on; the recovery codes are shown once."""
        if await self.used(connection, user, code) != "totp":
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The code is not one of this moment.")
        await connection.execute(WITHOUT_CODES, (user,))
        codes = totp.new_recovery_codes()
        for each in codes:
            await connection.execute(ADD_CODE, (user, self._known(user, each)))
        for credential in ("totp", "recovery_codes"):
            what = (user, credential, "issued")
            await tell_credential(self._ground, connection, what, f"user:{user}")
        return codes

    async def remove(self, connection: Connection, user: str) -> None:
        """Take the factor away."""
        await connection.execute(WITHOUT_FACTOR, (user,))
        await connection.execute(WITHOUT_CODES, (user,))
        what = (user, "totp", "revoked")
        await tell_credential(self._ground, connection, what, f"user:{user}")

    async def used(self, connection: Connection, user: str, code: str) -> Method | None:
        """How *code* proves who it is, after which it never does again; None if it does not."""
        row = await one(connection, LOCK, (user,))
        if row is None or row[0] is None:
            return None
        step = totp.step_of(self._secret(user, bytes(row[0])), code, time.time(), row[2])
        if step is not None:
            await connection.execute(USED, (step, user))
            return "totp"
        if await one(connection, TAKE_CODE, (user, self._known(user, code))) is not None:
            what = (user, "recovery_codes", "revoked")
            await tell_credential(self._ground, connection, what, f"user:{user}")
            return "recovery_code"
        return None

    def _secret(self, user: str, sealed: bytes) -> str:
        try:
            return self._ground.material.open(sealed, _place(user)).decode()
        except UnsealableError as error:
            detail = "The second factor cannot be read: an administrator must take it away."
            raise Problem(HTTPStatus.CONFLICT, detail) from error

    def _known(self, user: str, code: str) -> bytes:
        return digest(self._ground.material.recovering, f"{user} {totp.bare(code)}")


def _place(user: str) -> str:
    return f"second factor of {user}"
