"""The changes of a system that wait: how many, which pods they replace, and how they are let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from rich.console import Group, RenderableType
from rich.text import Text

from arkalia_cli.system import System

HOLDING: Final = frozenset({"RolloutsHeld", "Paused"})
"""Reasons for which changes wait, whatever is approved."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one system, as its status tells it."""

    namespace: str
    name: str
    hash: str
    message: str
    create: int
    change: int
    delete: int
    objects: tuple[str, ...]
    restarts: tuple[str, ...]
    held: str
    """Why changes wait that no approval lets in; empty if none do."""
    unseen: bool
    """Whether the operator has not looked at the present spec, so that nobody knows what waits."""

    @property
    def waits(self) -> bool:
        """Whether any change does."""
        return bool(self.hash or self.held)

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """What waits in the system that the API server gave as *body*."""
        system = System.from_body(body)
        changes = body.get("status", {}).get("changes", {})
        ready = system.condition("Ready")
        return cls(
            namespace=system.namespace,
            name=system.name,
            hash=changes.get("hash", ""),
            message=system.condition("ChangesApproved").message,
            create=changes.get("create", 0),
            change=changes.get("change", 0),
            delete=changes.get("delete", 0),
            objects=tuple(changes.get("objects", ())),
            restarts=tuple(changes.get("restarts", ())),
            held=ready.message if ready.reason in HOLDING else "",
            unseen=not system.current,
        )


def text(waiting: Waiting) -> RenderableType:
    """The plan for people."""
    if waiting.unseen:
        return Text(
            f"The operator has not looked at the present spec of {waiting.name} "
            f"({waiting.namespace}): `arkalia doctor` tells whether it runs."
        )
    if not waiting.hash:
        return Text(waiting.held or f"No change of {waiting.name} ({waiting.namespace}) waits.")
    lines = [Text.assemble("plan ", (waiting.hash, "bold"), f" of {waiting.name} waits")]
    lines += [Text(f"  {each}") for each in waiting.objects]
    more = waiting.create + waiting.change + waiting.delete - len(waiting.objects)
    if more > 0:
        lines.append(Text(f"  and {more} more"))
    lines += [Text(f"  replaces the pods of {each}", "yellow") for each in waiting.restarts]
    return Group(*lines, Text(waiting.message, style="dim"))


def data(waiting: Waiting) -> dict[str, Any]:
    """The same for programs."""
    return asdict(waiting)
