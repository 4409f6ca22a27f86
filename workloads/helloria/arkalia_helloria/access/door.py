"""The door: who is not known, or may not, is not let in. What nobody opened is closed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import Final

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
UNNAMED: Final = "anonymous"
NOBODY: Final = Caller(UNNAMED, frozenset(), frozenset())
"""As judgements call who showed nothing."""
SOMEBODY: Final = Caller("unknown", frozenset(), frozenset())
"""As they call who showed what is nobody's."""


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
        try:
            caller = await self._judged(headers, route)
        except _RefusedError as refused:
            self._measures.judged.labels(refused.outcome).inc()
            said = _decided(refused.caller, route, method, refused.sentence)
            self._audit.note(said, client)
            raise refused.told() from None
        self._measures.allowed.inc()
        self._audit.note(_decided(caller, route, method, ""), client)
        return caller

    async def _judged(self, headers: Mapping[str, str], route: Route) -> Caller:
        """Who asks for *route*. Raises _RefusedError, or DeniedError if nobody can be recognised."""
        if judging.is_public(route):
            return ANONYMOUS
        try:
            caller = await self._identified(credentials.shown(headers))
        except (UnverifiedError, credentials.UnreadableError) as error:
            raise _RefusedError(SOMEBODY, str(error)) from None
        if caller is None:
            sentence = "Show an API key, or a session's token, as `Authorization: Bearer ...`."
            raise _RefusedError(NOBODY, sentence)
        if caller.must_enrol and not judging.is_for_enrolment(route):
            raise _RefusedError(caller, ENROL)
        missing = judging.missing(caller, route)
        if missing:
            sentence = f"This takes the scope {', '.join(missing)}, which you do not have."
            raise _RefusedError(caller, sentence)
        return caller

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


class _RefusedError(Exception):
    """A judgement that lets nobody in."""

    def __init__(self, caller: Caller, sentence: str) -> None:
        super().__init__(sentence)
        self.caller = caller
        self.sentence = sentence

    @property
    def is_known(self) -> bool:
        """Whether it is known who may not."""
        return self.caller not in (NOBODY, SOMEBODY)

    @property
    def outcome(self) -> str:
        """As it is measured."""
        return "denied" if self.is_known else "unknown"

    def told(self) -> DeniedError:
        """As who asks for the door hears it."""
        if self.is_known:
            return DeniedError(HTTPStatus.FORBIDDEN, self.sentence, caller=self.caller)
        return DeniedError(HTTPStatus.UNAUTHORIZED, self.sentence)


@lru_cache(maxsize=REMEMBERED)
def _decided(caller: Caller, route: Route, method: str, reason: str) -> Decided:
    named = f"{route.module}{route.path}"
    user = caller.user or UNNAMED
    return Decided(user, caller.key or "", named, method, not reason, reason)
