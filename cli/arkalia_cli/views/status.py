"""Systems as trees: conditions, then modules, each with its reason where it is not as it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from arkalia_cli.attendance import Attendance
from arkalia_cli.system import Condition, Module, System

GOOD: Final = ("✔", "green")
WORKING: Final = ("…", "yellow")
BAD: Final = ("✖", "red")
UNASKED: Final = ("○", "dim")
"""What nobody asked for is neither good nor bad."""
MARKS: Final = {"True": GOOD, "Unknown": WORKING, "False": BAD}
TROUBLES: Final = {
    "Reconciling": WORKING,
    "Stalled": BAD,
    "Contended": WORKING,
    "Drifted": WORKING,
    "FieldsIgnored": WORKING,
}
"""Conditions that are good news when they are False, and are shown when they are not."""
NOT_CONFIGURED: Final = "NotConfigured"
SUMMARIES: Final = ("Ready", "ModulesReady")
"""Conditions that stand at the head of what they sum up."""
ABSENT: Final = "No operator runs: this is what one said last; `arkalia doctor` tells more."


def text(attendances: Sequence[Attendance], place: str, hint: str = "") -> RenderableType:
    """The trees of all systems that *place* has; *hint* says where else to look if there are none."""
    if attendances:
        absent = any(map(_told_above, attendances))
        warning = [_line(BAD, "operator", "", ABSENT)] if absent else []
        return Group(*warning, *map(tree, attendances))
    return Text(f"{place} has no ArkaliaSystem. {hint}".strip())


def tree(attendance: Attendance) -> Tree:
    """One system; where no operator runs at all, that is told above it."""
    system = attendance.system
    ready = system.condition("Ready")
    root = Tree(_line(_mark(system, ready), _headline(system), ready.reason, ready.message))
    trouble = attendance.trouble
    if trouble and not _told_above(attendance):
        root.add(_line(BAD, "operator", "", f"{trouble.message} {trouble.advice}"))
    elif not system.current:
        root.add(_line(WORKING, "operator", "", _not_looked(system)))
    for condition in _told(system):
        message = "" if condition.message == ready.message else condition.message
        root.add(_line(_sign(condition), _aspect(condition.type), condition.reason, message))
    _add_modules(root, system)
    for reason in _unexplained(system):
        root.add(Text(f"`arkalia explain {reason}` tells what to do", style="dim"))
    return root


def data(attendances: Sequence[Attendance]) -> dict[str, Any]:
    """The same for programs."""
    runs = next((each.runs for each in attendances), None)
    return {"operatorRuns": runs, "systems": [_data(each) for each in attendances]}


def _told_above(attendance: Attendance) -> bool:
    """Whether it has what an operator said last, and none runs: that is told once for all."""
    return attendance.runs is False and attendance.system.observed_generation > 0


def _data(attendance: Attendance) -> dict[str, Any]:
    system, takers, trouble = attendance.system, attendance.takers, attendance.trouble
    return {
        "namespace": system.namespace,
        "name": system.name,
        "version": system.version,
        "ready": system.ready,
        "generation": system.generation,
        "observedGeneration": system.observed_generation,
        "operators": None if takers is None else [f"{e.namespace}/{e.name}" for e in takers],
        "unattended": asdict(trouble) if trouble else None,
        "conditions": [asdict(each) for each in system.conditions],
        "modules": [_module_data(each) for each in system.modules],
    }


def _module_data(module: Module) -> dict[str, Any]:
    told = asdict(module)
    pods = told.pop("ready_replicas")
    return {**told, "readyReplicas": pods}


def _headline(system: System) -> str:
    return " ".join(filter(None, [system.name, f"({system.namespace})", system.version]))


def _mark(system: System, ready: Condition) -> tuple[str, str]:
    return MARKS.get(ready.status, WORKING) if system.current else WORKING


def _sign(condition: Condition) -> tuple[str, str]:
    if condition.reason == NOT_CONFIGURED:
        return UNASKED
    return TROUBLES.get(condition.type) or MARKS.get(condition.status, WORKING)


def _told(system: System) -> Iterator[Condition]:
    for condition in system.conditions:
        said = condition.message == system.condition("Ready").message
        quiet = condition.type in TROUBLES and (condition.status == "False" or said)
        if condition.type not in SUMMARIES and not quiet:
            yield condition


def _aspect(kind: str) -> str:
    words = re.findall("[A-Z]+(?![a-z])|[A-Z][a-z]*", kind.removesuffix("Ready"))
    return " ".join(words).lower()


def _not_looked(system: System) -> str:
    if not system.observed_generation:
        return "It has not looked at this system yet: wait a moment."
    return (
        f"It has not looked at generation {system.generation} yet: "
        f"what stands here is about generation {system.observed_generation}."
    )


def _add_modules(root: Tree, system: System) -> None:
    if not system.modules:
        return
    summary = system.condition("ModulesReady")
    mark = MARKS.get(summary.status, WORKING)
    branch = root.add(_line(mark, f"modules {system.modules_ready}".strip(), "", ""))
    said = {"", system.condition("Ready").message}
    for module in system.modules:
        pods = f"{module.name} {module.ready_replicas}/{module.replicas}"
        mark = GOOD if module.ready else BAD if summary.status == "False" else WORKING
        message = "" if module.message in said else module.message
        told = ("", "") if module.ready else (module.reason, message)
        branch.add(_line(mark, pods, *told))
        said.add(message)


def _unexplained(system: System) -> list[str]:
    """Reasons for which the system is not ready, each once."""
    if system.ready or not system.observed_generation:
        return []
    found = [system.condition("Ready").reason]
    found += [each.reason for each in system.modules if not each.ready]
    return list(dict.fromkeys(filter(None, found)))


def _line(mark: tuple[str, str], name: str, reason: str, message: str) -> Text:
    sign, colour = mark
    line = Text.assemble((sign, colour), " ", (name, "bold"))
    if reason:
        line.append(f"  {reason}")
    if message:
        line.append(f"  {message}", style="dim")
    return line
