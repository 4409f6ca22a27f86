"""docs/reference/events.md and modules.md: what may be said, and what the modules are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from arkalia_contract import event_types
from arkalia_contract.event_types import EventType
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec, Needs
from arkalia_operator.api.resources import ArkaliaModule
from arkalia_operator.catalogue.generate import bodies

EVENTS_HEAD: Final = """\
<!-- GENERATED from workloads/contract/arkalia_contract/event_types.py and the modules' descriptions by `make generate`: do not edit. -->

# Events

Every event that a module may tell: a fact, in the form of CloudEvents 1.0, told in the transaction in which it became true. A type with its version never changes; readers accept fields that they do not know.
"""
EVENT: Final = """
## {name}

{meaning} Version {version}; one stream for each {stream}. Told by {told}; heard by {heard}.

| field | form | always there |
|---|---|---|
{fields}"""
MODULES_HEAD: Final = """\
<!-- GENERATED from workloads/*/module.yaml by `make generate`: do not edit. -->

# Modules

The modules that ship with the operator. Every module serves `/health`, `/metrics`, `/status`, `/docs` and `/control/actions`; the paths below are its own. What the fields mean: [ArkaliaModule](arkaliamodule.md).

## What each is for

{purposes}
The ground is what every module has: health, metrics, status, docs, orders, a schema of its own where it keeps data, and a way to tell events. What is not built yet: [limitations](../limitations.md).

## What each has

| module | port | needs | calls | published paths | verbs |
|---|---|---|---|---|---|
"""
GROUND: Final = "the ground"
PURPOSES: Final = {
    "assistantia": (
        "conversations with a language model",
        "it checks questions, asks model servers, has answers validated and keeps what was said and the files that were uploaded",
    ),
    "cognitive-reactor": (
        "plans of several steps that answer a pattern of events, each step verified",
        GROUND,
    ),
    "globalstate": (
        "the events of all modules in one sequence, and the shared state",
        "it keeps and serves both",
    ),
    "helloria": (
        "the gateway: authenticates, limits and routes what comes from outside",
        "all of that",
    ),
    "nyxalia": ("how the system is used", "it counts events by type and hour"),
    "reflexia": ("rules that answer a trigger with an action at once", GROUND),
    "sandozia": (
        "whether decisions and answers hold, checked by others",
        "it examines answers and scores them",
    ),
    "security": (
        "who people and programs are, and what they may do",
        "it keeps users, roles, API keys, sessions and second factors",
    ),
    "taskia": (
        "work that is done later, once, and not forgotten",
        "it takes tasks, does them and shows how they went",
    ),
    "zeroia": ("what the signals of the modules mean, and what should follow", GROUND),
}
"""What each module is for, and what of that works: a new module gets its line here."""
PURPOSE: Final = "- **{name}**: {purpose}. So far: {works}.\n"
NOBODY: Final = "nobody yet"


def texts(root: Path) -> dict[str, str]:
    """Both pages, by path."""
    modules = {name: ArkaliaModule.from_body(body).spec for name, body in bodies(root).items()}
    events = (_event(each, modules) for each in event_types.ALL)
    purposes = (
        PURPOSE.format(name=name, purpose=PURPOSES[name][0], works=PURPOSES[name][1])
        for name in sorted(modules)
    )
    rows = (_row(name, spec) for name, spec in sorted(modules.items()))
    return {
        "docs/reference/events.md": EVENTS_HEAD + "".join(events),
        "docs/reference/modules.md": MODULES_HEAD.format(purposes="".join(purposes))
        + "".join(rows),
    }


def _event(event: EventType, modules: Mapping[str, ArkaliaModuleSpec]) -> str:
    key = event.name, event.version
    told = (
        name
        for name, spec in sorted(modules.items())
        if key in {(each.type, each.schema_version) for each in spec.events.emits}
    )
    heard = (
        name
        for name, spec in sorted(modules.items())
        if key in {(each.type, each.schema_version) for each in spec.events.consumes}
    )
    rows = [(name, schema, "yes") for name, schema in event.required.items()]
    rows += [(name, schema, "") for name, schema in event.optional.items()]
    return EVENT.format(
        name=event.name,
        meaning=event.meaning,
        version=event.version,
        stream=event.stream,
        told=_listed(told) or NOBODY,
        heard=_listed(heard) or NOBODY,
        fields="".join(
            f"| `{name}` | {_form(schema)} | {there} |\n" for name, schema, there in rows
        ),
    )


def _form(schema: Mapping[str, Any]) -> str:
    """A schema in words."""
    if "enum" in schema:
        return "one of " + _listed(schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_form(schema['items'])}"
    if "maximum" in schema:
        return f"number, {schema['minimum']} to {schema['maximum']}"
    return {"string": "text", "integer": "count", "boolean": "yes or no", None: "anything"}.get(
        schema.get("type"), str(schema.get("type"))
    )


def _row(name: str, spec: ArkaliaModuleSpec) -> str:
    [main] = [each for each in spec.components if each.name == "main"]
    calls = (f"{call.module}{path}" for call in spec.calls for path in call.paths)
    routes = (f"{', '.join(route.methods)} {route.path}" for route in spec.routes)
    verbs = (verb.verb for verb in spec.control)
    cells = (name, str(main.port), _needs(spec.needs), *map(_listed, (calls, routes, verbs)))
    return f"| {' | '.join(cells)} |\n"


def _needs(needs: Needs) -> str:
    wanted = ["postgresql"] if needs.postgresql else []
    return ", ".join([*wanted, *(f"redis {role}" for role in needs.redis)])


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
