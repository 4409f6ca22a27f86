"""An answer that a model server has begun to give."""

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from arkalia_assistantia.backends.choosing import Choice
from arkalia_assistantia.backends.completion import Chunk
from arkalia_assistantia.backends.errors import BrokenError, CutError

By = Literal["client", "server", "assistant"]


@dataclass
class Answering:
    """A server that has begun to answer."""

    choice: Choice
    waited_seconds: float
    first_seconds: float
    _first: list[Chunk]
    _rest: AsyncIterator[Chunk]
    _held: ExitStack
    _ended: Callable[[By | None], None]
    _is_closed: bool = False

    async def chunks(self) -> AsyncIterator[Chunk]:
        """All that it says. Raises BrokenError."""
        for chunk in self._first:
            yield chunk
        try:
            async for chunk in self._rest:
                yield chunk
        except CutError:
            self.close("client")
            raise
        except BrokenError:
            self.close("server")
            raise
        self.close(None)

    def close(self, by: By | None = "client") -> None:
        """Stop the server, if it has more to say, and give the turn to the next.

        *by* is who ended the answer in its middle; None if it has come to its end.
        """
        if not self._is_closed:
            self._is_closed = True
            self._held.close()
            self._ended(by)
