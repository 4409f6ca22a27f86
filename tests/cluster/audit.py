"""The API server's audit log: who wrote what. Other clients can only tell what they intended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

WRITING: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
DONE: Final = "ResponseComplete"
"""The stage in which the answer is known; a request has one line for each stage."""


@dataclass(frozen=True, slots=True)
class Write:
    """A request that would change something, refused ones too."""

    user: str
    verb: str
    resource: str
    """Plural of the kind, with `/status` or another subresource behind it."""
    namespace: str
    name: str
    code: int
    """HTTP status of the answer."""

    def __str__(self) -> str:
        """As messages quote it."""
        return f"{self.verb} {self.resource} {self.namespace}/{self.name} ({self.code})"


def writes(lines: Iterable[str]) -> Iterator[Write]:
    """The writes among the *lines* of a log in the form of audit.k8s.io/v1."""
    for line in lines:
        event = _event(line)
        if event.get("stage") == DONE and event["verb"] in WRITING:
            yield _write(event)


def _event(line: str) -> dict[str, Any]:
    """The event of a line; empty for the last line while it is being written."""
    if not line.endswith("}\n"):
        return {}
    event: dict[str, Any] = json.loads(line)
    return event


def _write(event: dict[str, Any]) -> Write:
    target = event.get("objectRef", {})
    subresource = target.get("subresource")
    resource = target.get("resource", event["requestURI"])
    return Write(
        user=event["user"]["username"],
        verb=event["verb"],
        resource=f"{resource}/{subresource}" if subresource else resource,
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
    )


UNCOUNTED: Final = frozenset({"leases", "selfsubjectaccessreviews"})
"""What an operator writes to say that it lives, and what it asks about its rights: a review is
sent with the verb of a write, and nothing of it is kept."""


class AuditLog:
    """What one user wrote but its pulse and its questions. A mark is a place in the log: no two clocks are compared."""

    def __init__(self, path: Path, user: str) -> None:
        self._path = path
        self._user = user

    def mark(self) -> int:
        """The present end of the log."""
        return self._path.stat().st_size

    def since(self, mark: int, namespace: str = "") -> list[Write]:
        """What the user wrote after *mark*, in *namespace* or everywhere."""
        found = [
            each
            for each in writes(self._lines(mark))
            if each.user == self._user and each.resource not in UNCOUNTED
        ]
        return [each for each in found if not namespace or each.namespace == namespace]

    def _lines(self, mark: int) -> list[str]:
        assert self.mark() >= mark, f"{self._path} was rotated within a test: make it larger"
        with self._path.open("rb") as log:
            log.seek(mark)
            return log.read().decode().splitlines(keepends=True)
