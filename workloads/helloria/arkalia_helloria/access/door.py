"""The door: who is not known, or may not, is not let in. What nobody opened is closed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple

from arkalia_contract import access
from arkalia_helloria.access import credentials, judging
from arkalia_helloria.access.auditing import Audit, Decided
from arkalia_helloria.access.credentials import Shown
from arkalia_helloria.access.known import Known
from arkalia_helloria.access.measures import Measures
from arkalia_helloria.access.openid import Provider
from arkalia_helloria.access.polling import MODULE, STALE_SECONDS, Polling
from arkalia_helloria.access.verifying import UnverifiedError, Verifier
from arkalia_helloria.callers import REMEMBERED, Caller, DeniedError
from arkalia_helloria.routes import Route
from arkalia_runtime import background
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings

ENROL: Final = "Set up a second factor first, with POST /api/auth/mfa: this system demands one."

ANONYMOUS: Final = Caller("", frozenset(), frozenset())
UNAVAILABLE_SECONDS: Final = 2.0
SHOWED_NOTHING_VALID: Final = Caller("unknown", frozenset(), frozenset())
UNNAMED: Final = "anonymous"
"""As judgements call who shows nothing."""


class AccountDoor:
    """A door that knows the accounts. Opened once, for the life of the service."""

    calls: Final = {MODULE: access.GATEWAY}

    def __init__(self, settings: ServiceSettings, stale_seconds: float = STALE_SECONDS) -> None:
        self._settings = settings
        self._polling = Polling(stale_seconds)
        self._verifier = Verifier()
        self._provider = Provider(settings)
        self._metrics: Metrics | None = None
        self._calls: Calls | None = None

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* who is let in, and what is known."""
        self._metrics = metrics
        self._measures = Measures(metrics.registry)
        self._audit = Audit(self._measures)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["AccountDoor"]:
        """Know the accounts, and tell what is decided, during the block."""
        assert self._metrics is not None  # noqa: S101 - the app measures its parts when it is made
        async with Calls(self._settings, self._metrics) as self._calls:
            works = (
                self._polling.keep(self._calls, self._measures),
                self._audit.keep_telling(self._calls),
                self._provider.keep(),
            )
            try:
                async with background.running(*works):
                    yield self
            finally:
                await self._audit.end(self._calls)

    async def let_in(
        self, headers: Mapping[str, str], client: str, route: Route, method: str
    ) -> Caller:
        """Who asks for *route* by *method*, from the address *client*. Raises DeniedError."""
        judged = await self._judged(headers, route)
        self._audit.note(_decided(judged.caller, route, method, judged.reason), client)
        if not judged.reason:
            self._measures.allowed.inc()
            return judged.caller
        self._measures.judged.labels("denied" if judged.is_known else "unknown").inc()
        if judged.is_known:
            raise DeniedError(HTTPStatus.FORBIDDEN, judged.reason, caller=judged.caller)
        raise DeniedError(HTTPStatus.UNAUTHORIZED, judged.reason)

    async def _judged(self, headers: Mapping[str, str], route: Route) -> "_Judged":
        """Whether who shows *headers* may ask for *route*. Raises DeniedError if nobody is recognised."""
        if judging.is_public(route):
            return _Judged(ANONYMOUS)
        try:
            caller = await self._identified(credentials.shown(headers))
        except (UnverifiedError, credentials.UnreadableError) as error:
            return _Judged(SHOWED_NOTHING_VALID, str(error), is_known=False)
        if caller is None:
            sentence = "Show an API key, or a session's token, as `Authorization: Bearer ...`."
            return _Judged(ANONYMOUS, sentence, is_known=False)
        if caller.must_enrol and not judging.is_for_enrolment(route):
            return _Judged(caller, ENROL)
        missing = judging.missing(caller, route)
        if missing:
            sentence = f"This takes the scope {', '.join(missing)}, which you do not have."
            return _Judged(caller, sentence)
        return _Judged(caller)

    async def _identified(self, shown: Shown | None) -> Caller | None:
        """Who shows *shown*; what may have been issued a moment ago is looked for once more."""
        if shown is None:
            return None
        assert self._calls is not None  # noqa: S101 - the door is open
        if self._polling.current is None:
            await self._polling.look_again(self._calls)
        if self._provider.issued(shown):
            return await self._provider.caller(shown.text, self._known())
        try:
            return self._verifier.caller(shown, self._known())
        except UnverifiedError as error:
            if not (error.may_be_new and await self._polling.look_again(self._calls)):
                raise
        return self._verifier.caller(shown, self._known())

    def _known(self) -> Known:
        known = self._polling.current
        if known is None:
            self._measures.judged.labels("unavailable").inc()
            sentence = "Nobody can be recognised at the moment: accounts are not reachable."
            raise DeniedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence, UNAVAILABLE_SECONDS)
        return known


class _Judged(NamedTuple):
    """What was found out about a request."""

    caller: Caller
    reason: str = ""
    """Why they are not let in; empty if they are."""
    is_known: bool = True
    """Whether it is known who they are."""


@lru_cache(maxsize=REMEMBERED)
def _decided(caller: Caller, route: Route, method: str, reason: str) -> Decided:
    named = f"{route.module}{route.path}"
    user = caller.user or UNNAMED
    return Decided(user, caller.key or "", named, method, not reason, reason)
