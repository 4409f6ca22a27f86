"""A stream of bytes → its JSON lines, whatever the chunks are."""

from __future__ import annotations

from typing import Any, Final

import orjson

from arkalia_operator.errors import UnavailableError

LONGEST_LINE_BYTES: Final = 8 << 20
"""etcd takes 1.5 MiB; JSON may write a byte as six."""


class Lines:
    """Collects chunks and gives the lines that are complete."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[dict[str, Any]]:
        """The objects that *chunk* completes.

        Raises orjson.JSONDecodeError for a line that is no JSON, and UnavailableError for one
        that does not end.
        """
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            message = f"a line of the watch is longer than {LONGEST_LINE_BYTES} bytes"
            raise UnavailableError(0, "LineTooLong", message)
        return [orjson.loads(line) for line in complete if line]
