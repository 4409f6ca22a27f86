"""`migrations` of a module: a Job that moves its schema before its pods change.

Forward runs in the image that is wanted, back in the newer image that made the schema: only that
one knows how to undo what it did. Once the schema is as wanted nothing is rendered for it; the Job
that did it stays for who wants to read its log, until the next one is needed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from arkalia_contract import environment, files, labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import (
    configuration,
    kinds,
    metadata,
    names,
    placement,
    pods,
    templates,
)
from arkalia_operator.desired.data.network import DNS
from arkalia_operator.desired.identity import FILES, READABLE, source
from arkalia_operator.desired.manifest import Manifest, Which, present
from arkalia_operator.desired.resolved import Resolution, ResolvedModule
from arkalia_operator.desired.schemas import (
    Database,
    Remembered,
    Schema,
    Schemas,
    is_newer,
    wanted_schema,
    written,
)

TRIES_AGAIN: Final = 2
"""Failed pods after the first: a database that restarts is back within the 30 s that two more tries
take, and a mistake in a migration is told before somebody waits for it in vain."""
EVICTED: Final = {"type": "DisruptionTarget"}
"""A pod that the cluster itself ended: no fault of the migration, so it does not count."""
DIGEST_LENGTH: Final = 10
COMPONENT: Final = "migration"
HOPELESS: Final = {"containerName": COMPONENT, "operator": "In", "values": [70, 78]}
"""EX_SOFTWARE and EX_CONFIG of sysexits.h: the same command would fail again."""


@dataclass(frozen=True, slots=True)
class Step:
    """A way from the schema that is there to the one that is wanted."""

    image: str
    version: str
    """Of what is in the image."""
    command: tuple[str, ...]
    target: str | None = None
    """The version to go back to."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Everything rendered for the schemas of a system, and what waits for it."""

    manifests: tuple[Manifest, ...] = ()
    after: Mapping[Which, tuple[Which, ...]] = field(default_factory=dict)
    alone: Mapping[Which, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


def moves(
    system: ArkaliaSystem, resolution: Resolution, known: Remembered, database: Database | None
) -> Moves:
    """What moves the schemas to what the modules of *resolution* work with.

    While the *database* is not known, nothing moves, and the pods of its modules stay as they are:
    they wait for what is applied to it (`desired.data.after`).
    """
    stays = {names.schemas(system.name)}
    if resolution.hold_all:
        return Moves(kept=frozenset(stays))
    if database is None:
        stays |= {names.migrating(system.name), *known.jobs.values(), *known.working}
        return Moves(kept=frozenset(stays))
    needed = jobs(system, resolution, known.schemas, database)
    started = {module: _which(job) for module, job in needed.items()}
    ready = ((kinds.JOB.name, database.provisioned_by),)
    return Moves(
        manifests=(
            *_memory(system, resolution, known, database),
            *_policy(system, resolution, database),
            *needed.values(),
        ),
        after={
            **{which: (job,) for which, job in _waiting(system, resolution, started)},
            **dict.fromkeys(started.values(), ready),
        },
        alone={job: module for module, job in started.items()},
        kept=frozenset(stays | set(_kept(resolution, known, needed))),
    )


def _waiting(
    system: ArkaliaSystem, resolution: Resolution, jobs: Mapping[str, Which]
) -> Iterator[tuple[Which, Which]]:
    """The Deployments that wait, each with the Job of its module."""
    for module in resolution.modules:
        for component in module.spec.components if module.name in jobs else ():
            name = names.component(system.name, module.name, component.name)
            yield (kinds.DEPLOYMENT.name, name), jobs[module.name]


def _which(job: Manifest) -> Which:
    return job["kind"], job["metadata"]["name"]


def _kept(
    resolution: Resolution, known: Remembered, needed: Mapping[str, Manifest]
) -> Iterator[str]:
    """Names of the Jobs that stay: that work, or are not written down, or are the last word."""
    yield from known.working
    running = {each.name for each in resolution.modules}
    for module, job in known.jobs.items():
        if not known.saved or (module in running and module not in needed):
            yield job


def _memory(
    system: ArkaliaSystem, resolution: Resolution, known: Remembered, database: Database
) -> Iterator[Manifest]:
    if known.schemas:
        yield metadata.retained(
            kinds.CONFIG_MAP,
            names.schemas(system.name),
            system,
            {
                **metadata.system_labels(system, resolution.version),
                labels.LINEAGE: database.lineage,
            },
            data={module: written(each) for module, each in sorted(known.schemas.items())},
        )


def _policy(
    system: ArkaliaSystem, resolution: Resolution, database: Database
) -> Iterator[Manifest]:
    """Nobody calls the pods that move schemas, and they reach the database alone."""
    moved = any(each.migrations for each in resolution.known)
    if not moved or not system.spec.security.network_policies.enabled:
        return
    chosen = {"key": labels.MIGRATION, "operator": "Exists"}
    yield metadata.manifest(
        kinds.NETWORK_POLICY,
        names.migrating(system.name),
        system,
        metadata.system_labels(system, resolution.version),
        spec={
            "podSelector": {
                "matchLabels": {labels.SYSTEM: system.name},
                "matchExpressions": [chosen],
            },
            "policyTypes": ["Ingress", "Egress"],
            "egress": [DNS, *database.egress],
        },
    )


def jobs(
    system: ArkaliaSystem, resolution: Resolution, schemas: Schemas, database: Database
) -> Mapping[str, Manifest]:
    """The Job of each module whose schema must be moved, by module."""
    found = {}
    for module in resolution.modules:
        step = next_step(module, resolution, schemas.get(module.name), database)
        if step is not None:
            found[module.name] = _job(system, module, step, wanted_schema(module, database))
    return found


def next_step(
    module: ResolvedModule, resolution: Resolution, known: Schema | None, database: Database
) -> Step | None:
    """How the schema of *module* gets to what is wanted; None if it is there, or it has none."""
    migrations, wanted = module.migrations, wanted_schema(module, database)
    if migrations is None or (known is not None and known.digest == wanted.digest):
        return None
    if known is None or not _is_too_new(known, wanted):
        return Step(module.image, module.version, tuple(migrations.forward))
    command = resolution.ways_back.get((module.name, known.version), tuple(migrations.back))
    return Step(_newer_image(module, known), known.version, command, target=wanted.version)


def _is_too_new(known: Schema, wanted: Schema) -> bool:
    return known.database == wanted.database and is_newer(known.version, wanted.version)


def _newer_image(module: ResolvedModule, known: Schema) -> str:
    """The image that made the schema.

    Whoever may write the ConfigMap that remembers it must not choose what runs with the database's
    password: it is taken only from the module's own repository.
    """
    repository = _repository(module.image)
    same = _repository(known.image) == repository
    return known.image if same else f"{repository}:{known.version}"


def _repository(image: str) -> str:
    """*image* without digest and tag; the port of a registry stands before a slash."""
    named = image.partition("@")[0]
    head, slash, last = named.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _job(system: ArkaliaSystem, module: ResolvedModule, step: Step, wanted: Schema) -> Manifest:
    spec = {
        "backoffLimit": TRIES_AGAIN,
        "podFailurePolicy": {
            "rules": [
                {"action": "Ignore", "onPodConditions": [EVICTED]},
                {"action": "FailJob", "onExitCodes": HOPELESS},
            ]
        },
        # The next pod starts when the last one has ended, not while it still ends.
        "podReplacementPolicy": "Failed",
        "template": _template(system, module, step),
    }
    text = json.dumps([spec, wanted.digest], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    found = metadata.manifest(
        kinds.JOB,
        names.migration(system.name, module.name, digest),
        system,
        metadata.module_labels(system, module, COMPONENT),
        spec=spec,
    )
    found["metadata"]["annotations"] = {labels.SCHEMA: written(wanted)}
    return found


def _template(system: ArkaliaSystem, module: ResolvedModule, step: Step) -> Manifest:
    return {
        "metadata": {
            "labels": {
                **metadata.system_labels(system, step.version),
                labels.COMPONENT: COMPONENT,
                labels.MIGRATION: module.name,
            }
        },
        "spec": {
            **placement.pod_fields(system.spec.placement, module.settings.placement),
            **present(
                imagePullSecrets=[{"name": each} for each in system.spec.images.pull_secrets]
            ),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": templates.POD_SECURITY,
            "serviceAccountName": names.module(system.name, module.name),
            "containers": [_container(system, module, step)],
            "volumes": [_files(system, module), templates.SCRATCH_VOLUME],
        },
    }


def _container(system: ArkaliaSystem, module: ResolvedModule, step: Step) -> Manifest:
    folder = {"name": FILES, "mountPath": files.SETTINGS_FOLDER, "readOnly": True}
    return {
        "name": COMPONENT,
        "image": step.image,
        "imagePullPolicy": system.spec.images.pull_policy,
        "command": list(step.command),
        "env": _variables(system, module, step),
        "resources": pods.resources(module, module.spec.components[0]),
        "securityContext": templates.CONTAINER_SECURITY,
        "terminationMessagePolicy": templates.LAST_WORDS,
        "volumeMounts": [folder, templates.SCRATCH_MOUNT],
    }


def _variables(system: ArkaliaSystem, module: ResolvedModule, step: Step) -> list[Manifest]:
    told = {environment.VERSION: step.version}
    if step.target is not None:
        told[environment.TARGET_VERSION] = step.target
    return configuration.variables(system, module, told)


def _files(system: ArkaliaSystem, module: ResolvedModule) -> Manifest:
    settings = {files.SETTINGS_KEY: files.SETTINGS}
    trust = {files.AUTHORITY_KEY: files.AUTHORITY}
    access = {files.POSTGRESQL_KEY: files.POSTGRESQL}
    sources = [
        {"configMap": source(names.module(system.name, module.name), settings)},
        {"configMap": source(names.trust(system.name), trust)},
        {"secret": source(names.migrations(system.name, module.name), access)},
    ]
    return {
        "name": FILES,
        "projected": {"defaultMode": READABLE, "sources": sources},
    }
