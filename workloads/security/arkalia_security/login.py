"""Logging in, and what somebody does to their own account. Served below `/auth`."""

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter
from psycopg.rows import TupleRow
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from arkalia_runtime.database import Connection
from arkalia_runtime.problems import Problem
from arkalia_security import passwords, signing, totp, users
from arkalia_security.actors import Actor, Asking, Client
from arkalia_security.factors import Factors
from arkalia_security.ground import Ground, changed, one
from arkalia_security.guessing import Guessing, SlowedError
from arkalia_security.sessions import Sessions, Tokens
from arkalia_security.view import is_required

READ: Final = "SELECT id, password, disabled, totp_confirmed, name FROM users WHERE name = %s"
READ_BY_ID: Final = "SELECT id, password, disabled, totp_confirmed, name FROM users WHERE id = %s"
SET_PASSWORD: Final = "UPDATE users SET password = %s WHERE id = %s"  # noqa: S105
SAME: Final = "SELECT 1 FROM users WHERE id = %s AND password = %s AND NOT disabled FOR UPDATE"
"""Not FOR SHARE: two who share a row and then both want to change it wait for each other."""

WRONG: Final = "Name, password or code is wrong."
CODE_NEEDED: Final = "A code of the second factor is needed too: send it as `code`."

Given = Annotated[SecretStr, Field(min_length=1, max_length=passwords.LONGEST)]
Keeper = Literal["system", "openid"]
Code = Annotated[str, Field(min_length=6, max_length=40)]


class Login(BaseModel):
    """Who somebody is, and how they prove it."""

    model_config = ConfigDict(extra="forbid")

    user: users.Name
    password: Given
    code: Code | None = None
    """Of the second factor, or a recovery code."""


class Renewal(BaseModel):
    """A token that renews a session, or names the one to end."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)]


class NewPassword(BaseModel):
    """Another password of one's own."""

    model_config = ConfigDict(extra="forbid")

    old: Given
    new: users.Password


class Proof(BaseModel):
    """A code of the second factor."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class Enrolment(BaseModel):
    """What an authenticator needs."""

    secret: str
    address: str
    """What the QR code of an authenticator says."""


class RecoveryCodes(BaseModel):
    """Codes for who has lost the authenticator: each is good once, and they are shown once."""

    recovery_codes: list[str]


class Me(BaseModel):
    """Who asks, as the gateway knows them."""

    id: str
    name: str
    """Of a user of an OpenID Connect provider its `sub`."""
    kept_by: Keeper
    """Who keeps the account: this system, or the provider."""
    roles: list[str]
    scopes: list[str]
    key: str | None
    second_factor: bool
    """Whether this system asks for one; what a provider asks for is not known here."""


class Accounts:
    """What somebody does to prove who they are."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._guessing = Guessing(ground)
        self.sessions = Sessions(ground)
        self._factors = Factors(ground)

    async def log_in(self, given: Login, client: str) -> Tokens:
        """Begin a session. Raises a 401 or 429 Problem."""
        await self._charge("password", given.user, client)
        known = await self._checked(READ, given.user, given.password)
        if known is None:
            await self._refuse("password", given.user, client)
            raise Problem(HTTPStatus.UNAUTHORIZED, WRONG)
        if known[3] and given.code is None:
            # Whoever asks first and is then asked for a code would slow all behind their address.
            await self._guessing.take_back(given.user, client)
            raise Problem(HTTPStatus.UNAUTHORIZED, CODE_NEEDED, needs="code")
        tokens = await self._begun(known, given, client)
        if tokens is None:
            await self._refuse("totp", given.user, client)
            raise Problem(HTTPStatus.UNAUTHORIZED, WRONG)
        await self.sessions.make_room(known[0])
        tokens.must_enrol = is_required(self._ground) and not known[3]
        return tokens

    async def _begun(self, known: TupleRow, given: Login, client: str) -> Tokens | None:
        """A session of who is *known* by the password; None if the code is wrong."""
        key = await signing.current(self._ground)
        async with self._ground.database.transaction() as connection:
            method = await self._method(connection, known, given.code)
            if method is None:
                return None
            await self._guessing.forgive(connection, given.user, client)
            await self._tell_success(connection, known[0], method, client)
            return await self.sessions.begin(connection, key, known[0], client)

    async def me(self, actor: Actor) -> Me:
        """Who asks. Raises a 404 Problem for a user who is not there any more."""
        if actor.is_of_openid:
            return _described(actor, actor.subject, "openid", second_factor=False)
        user = await self._own(actor)
        return _described(actor, user[4], "system", second_factor=user[3])

    async def change_password(self, given: NewPassword, actor: Actor) -> None:
        """Another password; it ends all sessions. Raises a 401 or 429 Problem."""
        await self._prove(given.old, actor)
        kept = await self._ground.passwords.hash(given.new.get_secret_value())
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            await connection.execute(SET_PASSWORD, (kept, actor.user))
            await connection.execute(users.END_SESSIONS, (actor.user,))
            what = (actor.user, "password", "replaced")
            await users.tell_credential(self._ground, connection, what, actor.name)

    async def enrol(self, actor: Actor) -> Enrolment:
        """A secret for an authenticator. Raises a 403 or 409 Problem."""
        actor.require_session()
        user = await self._own(actor)
        async with self._ground.database.transaction() as connection:
            secret = await self._factors.begin(connection, actor.user)
        issuer = f"Arkalia {self._ground.settings.system}".strip()
        return Enrolment(secret=secret, address=totp.address(secret, user[4], issuer))

    async def confirm(self, given: Proof, actor: Actor) -> RecoveryCodes:
        """Let the second factor count. Raises a 403, 422 or 429 Problem."""
        user = await self._begin_proof(actor)
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            codes = await self._factors.confirm(connection, actor.user, given.code)
            await self._guessing.forgive(connection, user[4], actor.client)
        return RecoveryCodes(recovery_codes=codes)

    async def remove_factor(self, given: Proof, actor: Actor) -> None:
        """Take the second factor away. Raises a 403, 422 or 429 Problem."""
        user = await self._begin_proof(actor)
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            if await self._factors.used(connection, actor.user, given.code) is None:
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The code is not good now.")
            await self._factors.remove(connection, actor.user)
            await self._guessing.forgive(connection, user[4], actor.client)

    async def _begin_proof(self, actor: Actor) -> TupleRow:
        actor.require_session()
        user = await self._own(actor)
        await self._charge("totp", user[4], actor.client)
        return user

    async def _prove(self, password: SecretStr, actor: Actor) -> None:
        """Raise a 401, 403 or 429 Problem unless it is the actor's own password."""
        actor.require_session()
        name = (await self._own(actor))[4]
        await self._charge("password", name, actor.client)
        if await self._checked(READ_BY_ID, actor.user, password) is None:
            await self._refuse("password", name, actor.client)
            raise Problem(HTTPStatus.UNAUTHORIZED, "The old password is wrong.")
        async with self._ground.database.transaction() as connection:
            await self._guessing.forgive(connection, name, actor.client)

    async def _own(self, actor: Actor) -> TupleRow:
        async with self._ground.database.transaction() as connection:
            row = await one(connection, READ_BY_ID, (actor.user,))
        if row is None:
            detail = "Your account is not kept here: whoever keeps it changes it."
            raise Problem(HTTPStatus.NOT_FOUND, detail)
        return row

    async def _checked(self, statement: str, who: str, password: SecretStr) -> TupleRow | None:
        """The user, if it is the password and the user may log in; both are found out in one time."""
        async with self._ground.database.transaction() as connection:
            row = await one(connection, statement, (who,))
        kept = row[1] if row is not None else None
        fits = await self._ground.passwords.fits(password.get_secret_value(), kept)
        return row if row is not None and fits and not row[2] else None

    async def _method(
        self, connection: Connection, known: TupleRow, code: str | None
    ) -> str | None:
        """How it was proved; None if it was not, or if it holds no more."""
        if await one(connection, SAME, (known[0], known[1])) is None:
            return None
        if not known[3]:
            return "password"
        return await self._factors.used(connection, known[0], code or "")

    async def _charge(self, method: str, name: str, client: str) -> None:
        try:
            await self._guessing.charge(name, client)
        except SlowedError:
            self._ground.measures.logins.labels(method, "slowed").inc()
            raise

    async def _refuse(self, method: str, name: str, client: str) -> None:
        self._ground.measures.logins.labels(method, "refused").inc()
        data = {"client_address": client, "method": method, "reason": f"for the name {name}"}
        async with self._ground.database.transaction() as connection:
            await self._ground.tell(connection, "login.refused", client, data)

    async def _tell_success(
        self, connection: Connection, user: str, method: str, client: str
    ) -> None:
        connection.after_commit(self._ground.measures.logins.labels(method, "succeeded").inc)
        data = {"user_id": user, "method": method, "client_address": client}
        await self._ground.tell(connection, "login.succeeded", user, data)


def _described(actor: Actor, name: str, kept_by: Keeper, *, second_factor: bool) -> Me:
    return Me(
        id=actor.user,
        name=name,
        kept_by=kept_by,
        roles=sorted(actor.roles),
        scopes=sorted(actor.scopes),
        key=actor.key or None,
        second_factor=second_factor,
    )


def routes(accounts: Accounts) -> APIRouter:
    """What of `/auth` is about sessions."""
    router = APIRouter(prefix="/auth", tags=["logging in"])

    @router.post("/login", summary="Begin a session with name and password")
    async def log_in(given: Login, client: Client) -> Tokens:
        return await accounts.log_in(given, client)

    @router.post("/refresh", summary="Renew a session")
    async def refresh(given: Renewal) -> Tokens:
        return await accounts.sessions.renew(given.refresh_token)

    @router.post("/logout", status_code=HTTPStatus.NO_CONTENT, summary="End a session")
    async def log_out(given: Renewal) -> None:
        await accounts.sessions.log_out(given.refresh_token)

    return router


def own_routes(accounts: Accounts) -> APIRouter:
    """What of `/auth` is about the account of who asks."""
    router = APIRouter(prefix="/auth", tags=["one's own account"])

    @router.get("/me", summary="Who you are, and what you may do")
    async def read_me(actor: Asking) -> Me:
        return await accounts.me(actor)

    @router.post("/password", status_code=HTTPStatus.NO_CONTENT, summary="Change your password")
    async def change_password(given: NewPassword, actor: Asking) -> None:
        await accounts.change_password(given, actor)

    @router.post("/mfa", summary="Begin a second factor: an authenticator by time")
    async def enrol(actor: Asking) -> Enrolment:
        return await accounts.enrol(actor)

    @router.post("/mfa/confirm", summary="Let the second factor count, with a code of it")
    async def confirm(given: Proof, actor: Asking) -> RecoveryCodes:
        return await accounts.confirm(given, actor)

    @router.post(
        "/mfa/remove", status_code=HTTPStatus.NO_CONTENT, summary="Take the second factor away"
    )
    async def remove(given: Proof, actor: Asking) -> None:
        await accounts.remove_factor(given, actor)

    return router
