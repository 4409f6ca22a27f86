"""Who wrote what and when, from the API server's audit log: no watch of ours takes processor time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

STEP_SECONDS: Final = 0.05
CREATED: Final = 201
QUESTIONS: Final = frozenset({"selfsubjectaccessreviews", "leases"})
"""What is no write of a system's: a question that HTTP makes a POST, and the operator's own pulse."""


@dataclass(frozen=True, slots=True)
class Written:
    """One write."""

    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    received: float
    """When the API server got the request, in seconds since 1970."""
    answered: float


class Trail:
    """The audit log, read on from where it was read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._writes: list[Written] = []

    def writes(self, user: str, since: float = 0.0) -> list[Written]:
        """What *user* wrote since a time."""
        self._read()
        return [each for each in self._writes if each.user == user and each.received >= since]

    def forget(self) -> None:
        """Leave behind what was read."""
        self._read()
        self._writes.clear()

    async def settled(self, user: str, quiet: float = 1.0, within: float = 120.0) -> list[Written]:
        """What *user* wrote until it stopped writing for *quiet* seconds."""
        clock = asyncio.get_running_loop().time
        ends, seen, since = clock() + within, 0, clock()
        while True:
            await asyncio.sleep(STEP_SECONDS)
            found = self.writes(user)
            if len(found) != seen:
                seen, since = len(found), clock()
            if seen and clock() - since > quiet:
                return found
            assert clock() < ends, f"{user} still writes after {within:.0f} s: {seen} writes"

    def _read(self) -> None:
        with self._path.open("rb") as log:
            log.seek(self._at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                written = _written(json.loads(line))
                if written.resource.partition("/")[0] not in QUESTIONS:
                    self._writes.append(written)


def last(writes: Iterable[Written]) -> float:
    """When the last of *writes* was answered."""
    return max(each.answered for each in writes)


def _written(event: dict) -> Written:
    target = event.get("objectRef", {})
    resource = "/".join(filter(None, (target.get("resource", ""), target.get("subresource", ""))))
    return Written(
        user=event["user"]["username"],
        verb=event["verb"],
        resource=resource,
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        received=_moment(event["requestReceivedTimestamp"]),
        answered=_moment(event["stageTimestamp"]),
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
