"""The Job that prepares a data service for the modules: schemas, roles, users.

It is called by a digest of what it applies and how it runs: a change makes another Job, and the
old one is not wanted any more. It reads what it applies from the Secret under a key that holds a
digest too, so that no cached Secret can make it apply something older.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from arkalia_contract import files, labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.data import cnpg, keys, postgresql, redis
from arkalia_operator.desired.data.access import Access, DataService, digest
from arkalia_operator.desired.data.needs import mode, users_secret
from arkalia_operator.desired.data.pods import PROVISIONING, image, labels_of, pod_spec
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import manifest
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.templates import (
    CONTAINER_SECURITY,
    LAST_WORDS,
    SCRATCH_MOUNT,
    SCRATCH_VOLUME,
    with_revision,
)

PROVISION_FOLDER: Final = f"{files.SETTINGS_FOLDER}/provision"
SCRIPT: Final = {
    DataService.POSTGRESQL: "provision.sql",
    DataService.QUEUE: "commands.txt",
    DataService.CACHE: "commands.txt",
}
"""What the file is called that the Job applies."""
PENDING: Final = "provisioning"
"""In the place of the digest, while it is not known what must be applied."""
TRIES: Final = 6
"""Pods that may fail; each waits two minutes for the server by itself."""
PRIVATE: Final = 0o440
AUTHORITIES: Final = {files.AUTHORITY_KEY: "authorities"}
REQUESTS: Final = {"cpu": "10m", "memory": "16Mi"}
LIMITS: Final = {"memory": "64Mi"}


def job(
    system: ArkaliaSystem, service: DataService, access: Access, resolution: Resolution
) -> Manifest:
    """The Job that applies what *access* names."""
    template = with_revision(_template(system, service, access, resolution))
    mark = digest(access.provision, access.database, json.dumps(template, sort_keys=True))
    return manifest(
        kinds.JOB,
        names.provisioning(system.name, service, mark),
        system,
        labels_of(system, service, PROVISIONING, resolution.version),
        spec={"backoffLimit": TRIES, "template": template},
    )


def _template(
    system: ArkaliaSystem, service: DataService, access: Access, resolution: Resolution
) -> Manifest:
    return {
        "metadata": {
            "labels": labels_of(system, service, PROVISIONING, resolution.version),
            "annotations": {labels.CONFIG_HASH: access.endpoint.digest},
        },
        "spec": {
            **pod_spec(system),
            "restartPolicy": "Never",
            "containers": [_container(system, service, resolution)],
            "volumes": _volumes(system, service, access),
        },
    }


def _container(system: ArkaliaSystem, service: DataService, resolution: Resolution) -> Manifest:
    is_sql = service is DataService.POSTGRESQL
    repository = postgresql.IMAGE if is_sql else redis.IMAGE
    return {
        "name": PROVISIONING,
        "image": image(system, repository, resolution),
        "imagePullPolicy": system.spec.images.pull_policy,
        "command": ["arkalia-provision-postgresql" if is_sql else "arkalia-provision-redis"],
        "terminationMessagePolicy": LAST_WORDS,
        "resources": {"requests": REQUESTS, "limits": LIMITS},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "provision", "mountPath": PROVISION_FOLDER, "readOnly": True},
            {"name": "trust", "mountPath": files.TRUST_FOLDER, "readOnly": True},
            SCRATCH_MOUNT,
        ],
    }


def _volumes(system: ArkaliaSystem, service: DataService, access: Access) -> list[Manifest]:
    trust = {
        "name": names.trust(system.name),
        "defaultMode": 0o444,
        "items": [{"key": files.AUTHORITY_KEY, "path": files.AUTHORITY_KEY}],
    }
    sources = list(_sources(system, service, access))
    return [
        {"name": "provision", "projected": {"defaultMode": PRIVATE, "sources": sources}},
        {"name": "trust", "configMap": trust},
        SCRATCH_VOLUME,
    ]


def _sources(system: ArkaliaSystem, service: DataService, access: Access) -> Iterator[Manifest]:
    own = names.data_service(system.name, service)
    yield _source(own, {access.provision: SCRIPT[service]})
    users = users_secret(system, service)
    yield _source(users or own, _paths(service))
    if users:
        yield _source(users, AUTHORITIES, optional=True)
    elif mode(system, service) == "cnpg":
        yield _source(cnpg.authority(system), AUTHORITIES)


def _paths(service: DataService) -> dict[str, str]:
    """Keys of the Secret that says how to get in, and the files that the Job's program reads."""
    found = {keys.HOST: "host", keys.PORT: "port", keys.USERNAME: "user", keys.PASSWORD: "password"}
    return found | ({keys.DATABASE: "database"} if service is DataService.POSTGRESQL else {})


def _source(name: str, paths: dict[str, str], *, optional: bool = False) -> Manifest:
    items = [{"key": key, "path": path} for key, path in paths.items()]
    return {"secret": {"name": name, "items": items, **present(optional=optional or None)}}
