"""The command `arkalia-operator plan`: its words, what it prints, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import orjson
import yaml
from pydantic import ValidationError

from arkalia_operator import catalogue
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.resources import MODULE_KIND, SYSTEM_KIND
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.session import Session, login, login_to
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.planning.upgrades import policy_of
from arkalia_operator.runtime.preview import (
    Body,
    Planner,
    PolicyOf,
    Preview,
    Reader,
    Snapshot,
    restored,
    saved,
    wanted,
)
from arkalia_operator.settings import IMAGE_REGISTRY, Settings

NOTHING: Final = 0
UNTOLD: Final = 1
CHANGES: Final = 2
EXPLAINED: Final = (
    "Ends with 0 if nothing would change, 2 if something would, 1 if it cannot be told."
)
CLUSTER: Final = "cluster"
OWN_KINDS: Final = (SYSTEM_KIND, MODULE_KIND)


def add_words(parser: argparse.ArgumentParser) -> None:
    """The words that the command takes."""
    parser.epilog = EXPLAINED
    parser.add_argument(
        "-f", "--file", help="ArkaliaSystems and ArkaliaModules, `-` for standard input"
    )
    parser.add_argument(
        "--upgrade",
        action="store_true",
        help="what this operator would change of all systems, once it is let in",
    )
    parser.add_argument("-n", "--namespace", default="default", help="of systems that name none")
    parser.add_argument("--context", help="of the kubeconfig; without it the current one")
    parser.add_argument("--against", default=CLUSTER, help="`cluster`, or the path of a snapshot")
    parser.add_argument(
        "--save", help="write what was read of the cluster into this file, a snapshot"
    )
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


async def run(words: argparse.Namespace, settings: Settings) -> int:
    """Print the plan; gives the exit status. Raises ApiError, ValueError, OSError and kopf.LoginError."""
    _refuse_what_a_snapshot_has_no_use_for(words)
    available = _available(settings.image_registry)
    documents = _documents(words.file) if words.file else []
    policy = _policy(words, settings)
    snapshot = await _snapshot(words, documents, available, policy)
    if "image_registry" not in settings.model_fields_set:
        # What was read tells the registry; to read it, any would do.
        available = _available(_registry(snapshot, settings))
    snapshot = _with_modules(snapshot, _of_kind(documents, MODULE_KIND), words.namespace)
    bodies = _systems(words, documents, snapshot)
    planner = Planner(snapshot, available, policy)
    found = [planner.of_body(each) for each in bodies]
    sys.stdout.write(as_json(found) if words.output == "json" else as_text(found))
    return _status(found)


def _available(registry: str) -> Modules:
    """The builtin modules, with images of *registry*."""
    return Modules(catalogue.load(), {}, {}, Defaults(version("arkalia-operator"), registry))


def _registry(snapshot: Snapshot, settings: Settings) -> str:
    """Where the operator takes images from: its own word, else the chart's default, which is told."""
    if snapshot.registry:
        return snapshot.registry
    sys.stderr.write(
        f"arkalia-operator plan: images are taken to come from {settings.image_registry}. Where the "
        f"operator takes them from elsewhere, write that into {IMAGE_REGISTRY}.\n"
    )
    return settings.image_registry


def _status(found: Iterable[Preview]) -> int:
    if not all(each.told for each in found):
        return UNTOLD
    return CHANGES if any(each.items for each in found) else NOTHING


def _policy(words: argparse.Namespace, settings: Settings) -> PolicyOf:
    """What holds for upgrades of a system: with `--upgrade`, that they are let in."""
    return lambda system: "AtOnce" if words.upgrade else policy_of(system, settings.upgrades)


def _refuse_what_a_snapshot_has_no_use_for(words: argparse.Namespace) -> None:
    given = [f"--{name}" for name in ("context", "save") if getattr(words, name)]
    if words.against != CLUSTER and given:
        message = (
            f"{' and '.join(given)} is about a cluster, and {words.against} is a snapshot: "
            "leave one of both out"
        )
        raise ValueError(message)


async def _snapshot(
    words: argparse.Namespace, documents: Iterable[Body], available: Modules, policy: PolicyOf
) -> Snapshot:
    if words.against != CLUSTER:
        return restored(await asyncio.to_thread(Path(words.against).read_bytes))
    keys = [
        SystemKey(each["metadata"].get("namespace", words.namespace), each["metadata"]["name"])
        for each in _of_kind(documents, SYSTEM_KIND)
    ]
    session = Session(login_to(words.context) if words.context else login)
    try:
        reader = Reader(Client(session), policy)
        found = await reader.read(keys if words.file else None, available)
    finally:
        await session.close()
    if words.save:
        await asyncio.to_thread(Path(words.save).write_bytes, saved(found))
    return found


def _of_kind(documents: Iterable[Body], kind: str) -> list[Body]:
    return [each for each in documents if each.get("kind") == kind]


def _with_modules(snapshot: Snapshot, own: Iterable[Body], namespace: str) -> Snapshot:
    """*snapshot* with the modules of the file in the place of those of the cluster."""
    given = {}
    for each in own:
        metadata = {"namespace": namespace, "uid": "", "resourceVersion": "1", **each["metadata"]}
        module = {**each, "metadata": metadata, "spec": each.get("spec") or {}}
        given[metadata["namespace"], metadata["name"]] = module
    others = [
        each
        for each in snapshot.modules
        if (each["metadata"]["namespace"], each["metadata"]["name"]) not in given
    ]
    return replace(snapshot, modules=[*others, *given.values()])


def _systems(
    words: argparse.Namespace, documents: Iterable[Body], snapshot: Snapshot
) -> Sequence[Body]:
    """The systems that are asked about. Raises ValueError for one of the file that does not fit."""
    if not words.file:
        return snapshot.systems
    bodies = _of_kind(documents, SYSTEM_KIND)
    if not bodies:
        message = f"{words.file} holds no ArkaliaSystem: name a file that does"
        raise ValueError(message)
    return [_wanted(each, words, snapshot) for each in bodies]


def _wanted(body: Body, words: argparse.Namespace, snapshot: Snapshot) -> Body:
    try:
        return wanted(body, snapshot, words.namespace)
    except ValidationError as error:
        place = f"{words.file}: ArkaliaSystem {body['metadata']['name']}"
        message = f"{place}: {mistakes_of(error)}"
        raise ValueError(message) from error


def _documents(path: str) -> list[Body]:
    """The resources of the file at *path*. Raises ValueError for one of ours without a name."""
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    try:
        found = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        message = f"{path} is no YAML: {error}"
        raise ValueError(message) from error
    for number, each in enumerate(found, start=1):
        if isinstance(each, dict) and each.get("kind") in OWN_KINDS and not _is_named(each):
            message = f"{path}: the {each['kind']} in document {number} has no metadata.name"
            raise ValueError(message)
    return [each for each in found if isinstance(each, dict)]


def _is_named(body: Body) -> bool:
    metadata = body.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def as_text(found: Sequence[Preview]) -> str:
    """The plans for people."""
    lines = []
    for each in found:
        lines.append(f"{each.key.name} ({each.key.namespace}): {_summary(each)}.")
        lines += [f"  {problem}" for problem in each.problems]
        lines += [
            f"  {item}" + (f" ({item.reason})" if item.operation == "hold" else "")
            for item in each.items
        ]
    return "\n".join(lines) + "\n" if lines else "No system.\n"


def _summary(found: Preview) -> str:
    if not found.told:
        return "what would be done cannot be told"
    restarts = sum(item.restarts for item in found.items)
    return f"{_counted(found)}; the pods of {restarts} objects would be replaced"


def _counted(found: Preview) -> str:
    words = ("create", "change", "delete", "hold")
    counts = {word: sum(item.operation == word for item in found.items) for word in words}
    said = [f"{count} to {word}" for word, count in counts.items() if count]
    return ", ".join(said) if said else "nothing to change"


def as_json(found: Sequence[Preview]) -> str:
    """The plans for programs."""
    told = [
        {
            "namespace": each.key.namespace,
            "name": each.key.name,
            "told": each.told,
            "problems": list(each.problems),
            "items": [
                {
                    "object": str(item.key),
                    "operation": item.operation,
                    "fields": list(item.paths),
                    "restarts": item.restarts,
                    "reason": item.reason,
                }
                for item in each.items
            ],
        }
        for each in found
    ]
    return orjson.dumps({"systems": told}, option=orjson.OPT_INDENT_2).decode() + "\n"
