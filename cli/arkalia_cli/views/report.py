"""The texts of a report: everything that helps to understand a system, and nothing secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from arkalia_cli.api_paths import Kind
from arkalia_cli.attendance import Attendance, attended
from arkalia_cli.system import System
from arkalia_cli.views import doctor, events, redaction, status
from arkalia_cli.views.doctor import Finding
from arkalia_cli.views.logs import Source

Body = Mapping[str, Any]

README: Final = """\
What the command line `arkalia` read of the system {name} in namespace {namespace} at {time}.

about.json    versions
status.json   the system, its conditions and modules
doctor.json   what is missing on the cluster
events.json   Events of the system and its objects, in order
resources/    the objects; of Secrets the names alone
logs/         the last lines of every container

What looked like a secret stands as {gone}. Look through it before you pass it on: log lines can hold
what no program knows to be secret.
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read for a report."""

    time: str
    """RFC 3339 in UTC."""
    versions: Mapping[str, str]
    system: Body
    objects: Sequence[Body]
    events: Sequence[Body]
    findings: Sequence[Finding]
    logs: Mapping[Source, str]
    unread: Sequence[str] = field(default=())
    """What else could not be read, in sentences."""
    attendance: Attendance | None = None
    """Who looks after the system, as far as the user may know."""
    refused: Sequence[Kind] = field(default=())
    """Kinds of objects that the user may not list."""

    @property
    def left_out(self) -> list[str]:
        """All that could not be read, in sentences."""
        return [*self.unread, *(f"{e.name}: you may not list {e.plural}" for e in self.refused)]


def texts(gathered: Gathered) -> dict[str, str]:
    """Every file of the report by its path."""
    system = System.from_body(redaction.redacted(gathered.system))
    attendance = gathered.attendance or attended(system, None, None, 0.0)
    own = [each for each in gathered.objects if each.get("kind") != "Secret"]
    told = events.of_system(gathered.system, own, gathered.events)
    span = events.Span.of(gathered.system, gathered.time)
    missing = events.left_out(told, span, [each.name for each in gathered.refused])
    return {
        "README.txt": README.format(
            name=system.name, namespace=system.namespace, time=gathered.time, gone=redaction.GONE
        ),
        "about.json": _json({
            "time": gathered.time, "versions": gathered.versions, "leftOut": gathered.left_out,
        }),
        "status.json": _json(status.data([replace(attendance, system=system)])),
        "doctor.json": _json(doctor.data(gathered.findings)),
        "events.json": redaction.text(_json(events.data(told, missing))),
        **_resources([gathered.system, *gathered.objects]),
        **_logs(gathered.logs),
    }  # fmt: skip


def _resources(bodies: Iterable[Body]) -> dict[str, str]:
    return {
        f"resources/{body['kind']}/{body['metadata']['name']}.yaml": yaml.safe_dump(
            redaction.redacted(body), sort_keys=False, allow_unicode=True
        )
        for body in bodies
    }


def _logs(logs: Mapping[Source, str]) -> dict[str, str]:
    return {
        f"logs/{source.module or 'other'}/{source.pod}-{source.container}.log": redaction.text(text)
        for source, text in logs.items()
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
