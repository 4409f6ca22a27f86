"""What is done for the models, round by round: whatever is not as it must be is done again.

A server that starts anew has lost its memory and not its volume; nobody has to tell that here.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from arkalia_model_keeper.names import whole
from arkalia_model_keeper.server import RefusedError, UnreachableError

logger: Final = logging.getLogger(__name__)

TELL_SECONDS: Final = 10.0
"""How often a pull tells in the log how far it is."""


class CannotPullError(Exception):
    """A model cannot be pulled; the message says which, and why."""


class CannotLoadError(Exception):
    """A model cannot be loaded; the message says which, and why."""


class ModelServer(Protocol):
    """What is asked of the server: see `server.Server`."""

    def pulled(self) -> frozenset[str]:
        """The models that lie on its volume."""

    def loaded(self) -> frozenset[str]:
        """The models that are in memory."""

    def pull(self, model: str) -> Any:
        """Pull *model*, and tell how far it is."""

    def load(self, model: str) -> None:
        """Have *model* in memory."""


@dataclass
class Word:
    """What is told of the models to whoever asks: one thread writes it, others read it."""

    ready: bool = False
    message: str = "The server was not asked yet."


class Keeper:
    """Keeps *models* in the memory of *server*."""

    def __init__(
        self,
        server: ModelServer,
        models: Sequence[str],
        word: Word,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._models, self._word = server, tuple(models), word
        self._clock = clock

    def round(self) -> None:
        """Look once, and do what is missing. Raises CannotPullError and CannotLoadError."""
        try:
            self._pull_missing()
            if self._missing(self._server.loaded()):
                self._load_missing()
            self._tell("All models are loaded.", ready=True)
        except (UnreachableError, RefusedError) as error:
            self._tell(f"The server does not answer: {error}")

    def _pull_missing(self) -> None:
        for model in self._missing(self._server.pulled()):
            self._pull(model)
            there = self._server.pulled()
            if whole(model) not in there:
                message = (
                    f"the model {model} was pulled, and the server lists it by another name: write "
                    f"that one of {', '.join(sorted(there))}"
                )
                raise CannotPullError(message)

    def _pull(self, model: str) -> None:
        self._tell(f"{model} is being pulled.")
        said_at = self._clock()
        try:
            for told in self._server.pull(model):
                if self._clock() - said_at >= TELL_SECONDS:
                    said_at = self._clock()
                    self._tell(f"{model} is being pulled: {progress(told)}.")
        except RefusedError as refused:
            message = f"the model {model} cannot be pulled: {refused}"
            raise CannotPullError(message) from refused

    def _load_missing(self) -> None:
        for model in self._missing(self._server.loaded()):
            self._tell(f"{model} is being loaded.")
            try:
                self._server.load(model)
            except RefusedError as refused:
                message = f"the model {model} cannot be loaded: {refused}"
                raise CannotLoadError(message) from refused
        gone = self._missing(self._server.loaded())
        if gone:
            message = (
                f"the models do not fit into memory together: {', '.join(gone)} had to go for the "
                "others"
            )
            raise CannotLoadError(message)

    def _missing(self, there: frozenset[str]) -> list[str]:
        return [each for each in self._models if whole(each) not in there]

    def _tell(self, message: str, *, ready: bool = False) -> None:
        if message != self._word.message:
            logger.info(message)
        self._word.ready, self._word.message = ready, message


def progress(told: Mapping[str, Any]) -> str:
    """How far a pull is, in its own words."""
    status, total = str(told.get("status", "")), told.get("total")
    done = told.get("completed", 0)
    return f"{status}, {100 * done // total} %" if total else status
