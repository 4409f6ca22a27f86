"""Asking the model servers: in their order, as long as none of them has said a word.

What has begun to answer is not replaced: half an answer of one model and half of another make no
answer. Who stops reading stops the server too.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import ModuleType
from typing import Any, Final

from arkalia_assistantia import allowed
from arkalia_assistantia.backends import choosing, ollama, openai
from arkalia_assistantia.backends.access import Access, Backend, Known
from arkalia_assistantia.backends.answering import Answering, By
from arkalia_assistantia.backends.choosing import Choice
from arkalia_assistantia.backends.completion import until_something
from arkalia_assistantia.backends.ends import Ends, within
from arkalia_assistantia.backends.errors import (
    BackendError,
    BrokenError,
    BusyError,
    FailedError,
    HurriedError,
    NoAnswerError,
    QueuedError,
    RefusedError,
    SilentError,
    UnreachableError,
    UnsuitableError,
    UnsupportedError,
)
from arkalia_assistantia.backends.measures import Measures
from arkalia_assistantia.backends.room import with_room
from arkalia_assistantia.backends.turns import Cooling, Remembered, Turns
from arkalia_assistantia.backends.wire import Wire
from arkalia_assistantia.settings import AssistantSettings
from arkalia_contract import llm
from arkalia_runtime.health import Check, UnhealthyError
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

DIALECTS: Final[Mapping[str, ModuleType]] = {llm.OPENAI: openai, llm.OLLAMA: ollama}
LISTS: Final = {llm.OPENAI: openai.MODELS, llm.OLLAMA: ollama.TAGS}
"""Where a server tells its models."""

ROUNDS: Final = 2
"""How often the servers are gone through: a restart, or a connection that breaks, is over soon."""
AGAIN_SECONDS: Final = 0.2
FINAL: Final = (SilentError, HurriedError, QueuedError, UnsupportedError)
"""After these a server is not asked again for the same."""
NEARLY: Final = 0.9
"""Share of its time after which a server that says nothing is silent, and was not hurried."""
LIST_SECONDS: Final = 3.0
"""Telling its models costs a server nothing; questions wait while one hangs."""
LISTED_SECONDS: Final = 30.0
"""How long a list of models is believed."""

MODEL_NOT_FOUND: Final = "model_not_found"
"""OpenAI's word for it."""
NOT_SUPPORTED: Final = "not_supported"
"""No server has a way to do what is asked."""


@dataclass(frozen=True)
class Asked:
    """A request for an answer."""

    body: Mapping[str, Any]
    """In OpenAI's form."""
    conversation: str
    """What it belongs to: the server that answered it last is asked first."""
    user: str
    """Who asks; empty if nobody knows."""

    @property
    def model(self) -> str:
        """The model that is asked for; empty for any."""
        return str(self.body.get("model") or "")


@dataclass
class _Server:
    """What is held of one server."""

    turns: Turns
    cooling: Cooling = field(default_factory=Cooling)
    embeddings_cooling: Cooling = field(default_factory=Cooling)
    """Cooling for embeddings: a server that fails to give them answers questions all the same."""
    models: Mapping[str, int] | None = None
    """What it lists, each with the tokens that it reads."""
    listed_at: float = float("-inf")
    silent: BackendError | None = None
    """Why it lists no models."""
    listing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Backends:
    """All servers. A part of the service."""

    def __init__(self, settings: AssistantSettings) -> None:
        self._settings = settings
        self._known = Known(settings.llm_folder, settings)
        self._wire = Wire(settings.idle_seconds, settings.look_seconds)
        self._servers: dict[Backend, _Server] = {}
        self._remembered = Remembered()
        self.measures = Measures()
        self.check = Check("llm", self._health, required=False)
        """Healthy while a server lists its models: without one, conversations can still be read."""

    def measure(self, metrics: Metrics) -> None:
        """Show what is measured in *metrics*."""
        self.measures.measure(
            metrics,
            lambda: sum(each.turns.waiting for each in self._servers.values()),
            lambda: len(self._known.access().backends) - len(self._cooling()),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Backends"]:
        """Keep connections for the block. No server need be there."""
        async with self._wire.open():
            yield self

    async def begin(self, asked: Asked) -> Answering:
        """Who answers, with the first word said. Raises NoAnswerError or RefusedError."""
        ends = Ends.of(self._settings.answer_seconds)
        found = self._with_room(await self._choices(asked.model), asked.body)
        preferred = self._remembered.server(asked.conversation)
        told: dict[str, BackendError] = {}
        for number in range(ROUNDS):
            for choice in choosing.ordered(found, self._cooling(), preferred):
                if told and not ends.left:
                    raise self._unanswered(told)
                try:
                    answering = await self._begun(choice, asked, ends)
                except BackendError as error:
                    told[choice.backend.name] = error
                else:
                    self._remembered.note(asked.conversation, choice.backend.name)
                    return answering
            over = {name for name, error in told.items() if isinstance(error, FINAL)}
            found = [each for each in found if each.backend.name not in over]
            if found and number + 1 < ROUNDS:
                await asyncio.sleep(min(AGAIN_SECONDS, ends.left))
        raise self._unanswered(told)

    async def embeddings(self, body: Mapping[str, Any], user: str) -> tuple[Choice, Any]:
        """The embeddings of a text for *user*, from the first server that gives them."""
        ends = Ends.of(self._settings.answer_seconds)
        told: dict[str, BackendError] = {}
        found = self._with_room(await self._choices(str(body.get("model") or "")), body)
        held = self._servers.items()
        without = {each.name for each, server in held if server.embeddings_cooling.is_on}
        for choice in choosing.ordered(found, self._cooling() | without, None):
            if told and not ends.left:
                break
            try:
                return choice, await self._embedded(choice, Asked(body, "", user), ends)
            except BackendError as error:
                told[choice.backend.name] = error
        pauses = (each.embeddings_cooling.left for each in self._named(told))
        raise self._no_answer(told, min(pauses, default=0.0))

    async def listed(self) -> list[tuple[str, str]]:
        """Every model that the caller may use, with the server that is asked first."""
        return self._allowed(self._known.access(), await self._offers())

    async def _choices(self, model: str) -> list[Choice]:
        access = self._known.access()
        if not access.backends:
            message = (
                "This system has no language model: name one in spec.llm of the ArkaliaSystem."
            )
            raise NoAnswerError(HTTPStatus.SERVICE_UNAVAILABLE, "not_configured", message)
        offers = await self._offers()
        usual = choosing.default(access, offers)
        model = allowed.wanted(model, usual, choosing.listed(access, offers))
        found = choosing.choices(access, offers, model)
        if not found and (silent := self._silent(access.backends)):
            raise self._unanswered(silent)
        if not found:
            names = ", ".join(name for name, _ in self._allowed(access, offers)) or "none now"
            message = f"There is no model {model}: there are {names}."
            raise NoAnswerError(HTTPStatus.NOT_FOUND, MODEL_NOT_FOUND, message)
        return found

    def _with_room(self, found: list[Choice], body: Mapping[str, Any]) -> list[Choice]:
        models = {each.backend: self._server(each.backend).models or {} for each in found}
        return with_room(found, body, lambda choice: models[choice.backend].get(choice.model, 0))

    @staticmethod
    def _allowed(access: Access, offers: choosing.Offers) -> list[tuple[str, str]]:
        return [each for each in choosing.listed(access, offers) if allowed.is_allowed(each[0])]

    def _silent(self, backends: Iterable[Backend]) -> dict[str, BackendError]:
        """The servers whose models nobody knows yet, and why."""
        servers = ((each.name, self._server(each)) for each in backends)
        return {
            name: server.silent
            for name, server in servers
            if server.models is None and server.silent is not None
        }

    async def _begun(self, choice: Choice, asked: Asked, ends: Ends) -> Answering:
        server, name = self._server(choice.backend), choice.backend.name
        with ExitStack() as held:
            try:
                answering = await self._first_word(choice, asked, ends, held)
            except (BackendError, RefusedError) as error:
                self._failed(name, server.cooling, error, asked.user)
                raise
            server.cooling.answered()
            self.measures.tries.labels(name, "answered").inc()
            self.measures.first.labels(name).observe(answering.first_seconds)
            answering._held = held.pop_all()
        return answering

    async def _first_word(
        self, choice: Choice, asked: Asked, ends: Ends, held: ExitStack
    ) -> Answering:
        start = time.monotonic()
        backend, dialect = choice.backend, DIALECTS[choice.backend.provider]
        body = dialect.request(asked.body, choice.model)
        turns = self._server(backend).turns
        held.callback(await turns.take(min(self._settings.queue_seconds, ends.left)))
        begun = time.monotonic()
        seconds = min(self._settings.first_word_seconds, ends.left)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._wire.ask(
                    openai.address(backend.url, dialect.CHAT),
                    self._known.key(backend),
                    body,
                )
                held.callback(answer.close)
                rest = dialect.chunks(answer)
                first = await until_something(rest)
        except TimeoutError:
            message = f"said no word within {seconds:.1f} s"
            raise self._late(seconds)(message) from None
        return Answering(
            choice,
            waited_seconds=begun - start,
            first_seconds=time.monotonic() - begun,
            _first=first,
            _rest=within(rest, ends, answer.close),
            _held=held,
            _ended=lambda by: self._note_end(backend, by),
        )

    def _late(self, seconds: float) -> type[SilentError | HurriedError]:
        """Whose fault it is that a server has said nothing in *seconds*."""
        settings = self._settings
        full = min(settings.first_word_seconds, settings.answer_seconds)
        return SilentError if seconds >= NEARLY * full else HurriedError

    async def _embedded(self, choice: Choice, asked: Asked, ends: Ends) -> Any:
        name, cooling = choice.backend.name, self._server(choice.backend).embeddings_cooling
        try:
            found = await self._vectors(choice, asked.body, ends)
        except (BackendError, RefusedError) as error:
            self._failed(name, cooling, error, asked.user)
            raise
        cooling.answered()
        self.measures.tries.labels(name, "answered").inc()
        usage = found.get("usage") if isinstance(found, dict) else None
        read = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        self.note_tokens(name, read if isinstance(read, int) and read > 0 else None, None)
        return found

    async def _vectors(self, choice: Choice, body: Mapping[str, Any], ends: Ends) -> Any:
        backend = choice.backend
        url = openai.address(backend.url, openai.EMBEDDINGS)
        asked = {key: value for key, value in body.items() if key != openai.OWN}
        asked["model"] = choice.model
        try:
            turns = self._server(backend).turns
            async with turns.turn(min(self._settings.queue_seconds, ends.left)):
                async with asyncio.timeout(ends.left):
                    return await self._wire.whole(url, self._known.key(backend), asked)
        except TimeoutError:
            message = "says nothing in time"
            raise (SilentError if ends.is_own else HurriedError)(message) from None
        except UnsuitableError as error:
            # Who has the model and not the way to it does not name the model.
            if error.status == HTTPStatus.NOT_FOUND and choice.model not in str(error):
                raise UnsupportedError(str(error), error.status) from error
            raise

    def _failed(
        self, name: str, cooling: Cooling, error: BackendError | RefusedError, user: str
    ) -> None:
        self.measures.tries.labels(name, error.reason).inc()
        if isinstance(error, FailedError):
            cooling.failed_for(user)
        if isinstance(error, UnreachableError | BrokenError):
            cooling.failed()
        # What a server complains of may repeat the prompt: the caller is told it, the log is not.
        brief, _, _ = str(error).partition(":")
        logger.warning("A model server did not answer: it %s.", brief, extra={"backend": name})

    def note_tokens(self, name: str, prompt: int | None, completion: int | None) -> None:
        """Count what the server *name* has read and written."""
        self.measures.tokens.labels(name, "prompt").inc(prompt or 0)
        self.measures.tokens.labels(name, "completion").inc(completion or 0)

    def _note_end(self, backend: Backend, by: By | None) -> None:
        if by is not None:
            self.measures.cut.labels(backend.name, by).inc()
        if by == "server":
            self._server(backend).cooling.failed()

    def _unanswered(self, told: Mapping[str, BackendError]) -> NoAnswerError:
        pauses = (each.cooling.left for each in self._named(told))
        return self._no_answer(told, min(pauses, default=0.0))

    def _named(self, names: Container[str]) -> Iterator[_Server]:
        return (held for server, held in self._servers.items() if server.name in names)

    @staticmethod
    def _no_answer(told: Mapping[str, BackendError], pause: float) -> NoAnswerError:
        message = "; ".join(f"{name} {error}" for name, error in told.items())
        if told and all(isinstance(error, UnsupportedError) for error in told.values()):
            message = f"No model server can do this: {message}."
            return NoAnswerError(HTTPStatus.BAD_REQUEST, NOT_SUPPORTED, message)
        if told and all(isinstance(error, BusyError) for error in told.values()):
            status, code = HTTPStatus.TOO_MANY_REQUESTS, "busy"
        else:
            status, code = HTTPStatus.SERVICE_UNAVAILABLE, "model_unavailable"
        message = f"No model server can answer: {message}."
        return NoAnswerError(status, code, message, max(1.0, pause))

    def _cooling(self) -> set[str]:
        known = self._known.access().backends
        return {each.name for each in known if self._server(each).cooling.is_on}

    def _server(self, backend: Backend) -> _Server:
        """What is held of *backend*: one with another address is another server."""
        if backend not in self._servers:
            known = self._known.access().backends
            self._servers = {each: held for each, held in self._servers.items() if each in known}
            turns = Turns(self._settings.answers_at_once, self._settings.most_waiting)
            self._servers[backend] = _Server(turns)
        return self._servers[backend]

    async def _offers(self) -> dict[str, Mapping[str, int] | None]:
        """The models of each server that has to be asked for them."""
        asked = [each for each in self._known.access().backends if not each.models]
        listed = await asyncio.gather(*(self._listed(each) for each in asked))
        return dict(zip((each.name for each in asked), listed, strict=True))

    async def _listed(self, backend: Backend) -> Mapping[str, int] | None:
        """What *backend* lists; what it listed before while it cannot be asked."""
        server = self._server(backend)
        async with server.listing:
            if time.monotonic() - server.listed_at < LISTED_SECONDS or server.cooling.is_on:
                return server.models
            try:
                async with asyncio.timeout(LIST_SECONDS):
                    server.models = await self._list(backend)
            except TimeoutError:
                server.silent = UnreachableError("says nothing in time")
                server.cooling.failed()
            except (BackendError, RefusedError) as error:
                server.silent = UnreachableError(str(error))
                server.cooling.failed()
            else:
                server.listed_at, server.silent = time.monotonic(), None
            return server.models

    async def _list(self, backend: Backend) -> dict[str, int]:
        url = openai.address(backend.url, LISTS[backend.provider])
        listed = await self._wire.whole(url, self._known.key(backend))
        try:
            found: dict[str, int] = DIALECTS[backend.provider].models(listed)
        except (AttributeError, KeyError, TypeError) as error:
            message = "lists its models in no known form"
            raise UnreachableError(message) from error
        return found

    async def _health(self) -> str:
        access = self._known.access()
        if not access.backends:
            return "none is configured"
        cooling = self._cooling()
        ready = [each.name for each in access.backends if each.name not in cooling]
        if not ready:
            message = f"none answers: {', '.join(sorted(cooling))}"
            raise UnhealthyError(message)
        return f"asked are {', '.join(ready)}"
