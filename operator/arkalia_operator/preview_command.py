"""The command `arkalia-operator plan`: its words, what it prints, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from pydantic import ValidationError

from arkalia_operator import catalogue
from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.resources import MODULE_KIND, SYSTEM_KIND, ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.session import Session
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.planning.upgrades import policy_of
from arkalia_operator.runtime.preview import (
    Preview,
    Reader,
    Snapshot,
    previewed,
    restored,
    saved,
    wanted,
)
from arkalia_operator.settings import Settings

NOTHING: Final = 0
CHANGES: Final = 2
EXPLAINED: Final = (
    "Ends with 0 if nothing would change, 2 if something would, 1 if it cannot be told."
)
CLUSTER: Final = "cluster"


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
    parser.add_argument("--against", default=CLUSTER, help="`cluster`, or the path of a snapshot")
    parser.add_argument(
        "--save", help="write what was read of the cluster into this file, a snapshot"
    )
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


async def run(words: argparse.Namespace, settings: Settings) -> int:
    """Print the plan; gives the exit status. Raises ApiError, ValueError, OSError and kopf.LoginError."""
    builtin = catalogue.load()
    available = Modules(
        builtin, {}, {}, Defaults(version("arkalia-operator"), settings.image_registry)
    )
    documents = _documents(words.file) if words.file else []
    snapshot = await _snapshot(words, documents, available, settings.upgrades)
    own = [each for each in documents if each.get("kind") == MODULE_KIND]
    snapshot = _with_modules(snapshot, own, words.namespace)
    found = [
        previewed(
            each,
            snapshot,
            available,
            "AtOnce" if words.upgrade else policy_of(each, settings.upgrades),
        )
        for each in _systems(words, documents, snapshot)
    ]
    sys.stdout.write(as_json(found) if words.output == "json" else as_text(found))
    return CHANGES if any(each.items for each in found) else NOTHING


async def _snapshot(
    words: argparse.Namespace,
    documents: Sequence[Any],
    available: Modules,
    upgrades: UpgradePolicy,
) -> Snapshot:
    if words.against != CLUSTER:
        return restored(await asyncio.to_thread(Path(words.against).read_bytes))
    keys = [
        SystemKey(each["metadata"].get("namespace", words.namespace), each["metadata"]["name"])
        for each in documents
        if each.get("kind") == SYSTEM_KIND
    ]
    session = Session()
    try:
        found = await Reader(Client(session), upgrades).read(keys if documents else None, available)
    finally:
        await session.close()
    if words.save:
        await asyncio.to_thread(Path(words.save).write_bytes, saved(found))
    return found


def _with_modules(snapshot: Snapshot, own: Iterable[Any], namespace: str) -> Snapshot:
    """*snapshot* with the modules of the file in the place of those of the cluster."""
    given = {}
    for each in own:
        metadata = {"namespace": namespace, "uid": "", "resourceVersion": "1", **each["metadata"]}
        given[metadata["namespace"], metadata["name"]] = {**each, "metadata": metadata}
    others = [
        each
        for each in snapshot.modules
        if (each["metadata"]["namespace"], each["metadata"]["name"]) not in given
    ]
    return Snapshot(
        snapshot.systems,
        [*others, *given.values()],
        snapshot.objects,
        snapshot.served,
        snapshot.told,
    )


def _systems(
    words: argparse.Namespace, documents: Sequence[Any], snapshot: Snapshot
) -> list[ArkaliaSystem]:
    """The systems that are asked about. Raises ValueError for one that does not fit."""
    bodies = [each for each in documents if each.get("kind") == SYSTEM_KIND]
    if not words.file:
        return [ArkaliaSystem.from_body(each) for each in snapshot.systems]
    if not bodies:
        message = f"{words.file} holds no ArkaliaSystem: name a file that does"
        raise ValueError(message)
    try:
        return [wanted(each, snapshot, words.namespace) for each in bodies]
    except ValidationError as error:
        message = f"{words.file}: {mistakes_of(error)}"
        raise ValueError(message) from error


def _documents(path: str) -> list[Any]:
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    try:
        return [each for each in yaml.safe_load_all(text) if isinstance(each, dict)]
    except yaml.YAMLError as error:
        message = f"{path} is no YAML: {error}"
        raise ValueError(message) from error


def as_text(found: Sequence[Preview]) -> str:
    """The plans for people."""
    lines = []
    for each in found:
        name = f"{each.key.name} ({each.key.namespace})"
        restarts = sum(item.restarts for item in each.items)
        lines.append(f"{name}: {_counted(each)}; the pods of {restarts} objects would be replaced.")
        lines += [f"  {problem}" for problem in each.problems]
        lines += [
            f"  {item}" + (f" ({item.reason})" if item.operation == "hold" else "")
            for item in each.items
        ]
    return "\n".join(lines) + "\n" if lines else "No system.\n"


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
