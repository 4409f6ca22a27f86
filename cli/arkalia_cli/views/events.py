"""Kubernetes' Events about a system and its objects, in the order in which they happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Body = Mapping[str, Any]

GENERATED: Final = {
    "ReplicaSet": r"-[a-z0-9]{1,10}",
    "Pod": r"(-[a-z0-9]{1,10})?-[a-z0-9]{1,5}",
    "Job": r"-[a-z0-9]{1,10}",
}
"""What Kubernetes appends to the name of an object that makes others, by the kind of these."""
STYLES: Final = {"Warning": "yellow"}


@dataclass(frozen=True, slots=True)
class Event:
    """One Event."""

    time: str
    """When it was last seen, RFC 3339 in UTC."""
    type: str
    object: str
    """Kind and name, with a slash between them."""
    reason: str
    message: str
    count: int

    @classmethod
    def from_body(cls, body: Body) -> Event:
        """The Event that the API server gave as *body*."""
        about, series = body["involvedObject"], body.get("series") or {}
        return cls(
            time=_time(body),
            type=body.get("type", ""),
            object=f"{about.get('kind', '')}/{about.get('name', '')}",
            reason=body.get("reason", ""),
            message=(body.get("message") or "").strip(),
            count=series.get("count") or body.get("count") or 1,
        )


def of_system(system: Body, children: Iterable[Body], bodies: Iterable[Body]) -> list[Event]:
    """Those of *bodies* that are about *system* or its *children*, also about pods that are gone."""
    owned = [system, *children]
    uids = {each["metadata"]["uid"] for each in owned}
    exact = {(each["kind"], each["metadata"]["name"]) for each in owned}
    names = {each["metadata"]["name"] for each in owned}
    mine = [
        Event.from_body(body)
        for body in bodies
        if _about(body, uids, exact) or _made_by(body["involvedObject"], names)
    ]
    return sorted(mine, key=lambda event: event.time)


def since(events: Iterable[Event], moment: str) -> list[Event]:
    """The events at or after *moment*, RFC 3339 in UTC."""
    return [each for each in events if each.time >= moment]


def text(events: Sequence[Event]) -> RenderableType:
    """The events as a table, the last one at its end."""
    if not events:
        return Text("There are no events; Kubernetes forgets them after an hour.")
    table = Table(box=None, pad_edge=False)
    for heading in ("TIME", "TYPE", "OBJECT", "REASON"):
        table.add_column(heading, no_wrap=True)
    table.add_column("MESSAGE", overflow="fold")
    for each in events:
        times = f" (seen {each.count} times)" if each.count > 1 else ""
        table.add_row(
            each.time[:19].replace("T", " "), Text(each.type, STYLES.get(each.type, "")),
            each.object, each.reason, Text(f"{each.message}{times}"),
        )  # fmt: skip
    return table


def data(events: Iterable[Event]) -> dict[str, Any]:
    """The same for programs."""
    return {"events": [asdict(each) for each in events]}


def _about(body: Body, uids: set[str], exact: set[tuple[str, str]]) -> bool:
    about = body["involvedObject"]
    return about.get("uid") in uids or (about.get("kind"), about.get("name")) in exact


def _made_by(about: Body, names: set[str]) -> bool:
    """Whether the object has a name that Kubernetes made of one of *names*."""
    ending = GENERATED.get(about.get("kind", ""))
    if ending is None:
        return False
    name = about.get("name", "")
    cuts = (name.rsplit("-", parts)[0] for parts in (1, 2))
    return any(cut in names and re.fullmatch(ending, name.removeprefix(cut)) for cut in cuts)


def _time(body: Body) -> str:
    series = body.get("series") or {}
    seen = series.get("lastObservedTime"), body.get("lastTimestamp"), body.get("eventTime")
    return next(filter(None, seen), None) or body["metadata"].get("creationTimestamp") or ""
