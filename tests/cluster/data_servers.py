"""PostgreSQL and Redis run as the operator runs them, in pods of the stories themselves.

What a server holds is asked by the program that provisions it: it verifies the server's name, and its
exit code says whether the statements held.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from arkalia_contract import files
from arkalia_operator.cluster import signing
from arkalia_operator.desired.data import acl
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.kinds import CONFIG_MAP, POD, SECRET, Kind
from cluster.kinds import Ref
from cluster.kube import Body, Kube
from cluster.release import Operator
from cluster.visitors import CONFINED, RESTRICTED, phase_is
from cluster.waiting import eventually

CERTIFICATE_SECONDS: Final = 3600.0
PORTS: Final = {"postgresql": 5432, "redis": 6379}
MEMORY: Final = "256Mi"
PASSWORD: Final = secrets.token_urlsafe(24)
DIGEST: Final = hashlib.sha256(PASSWORD.encode()).hexdigest()
USERS: Final = acl.users(DataService.QUEUE, {}, DIGEST)
ADMIN: Final = {
    "postgresql": {"password": PASSWORD},
    "redis": {"password": PASSWORD, "users.acl": USERS},
}
USER: Final = {"postgresql": "postgres", "redis": "admin"}
GIVEN: Final = {"postgresql": "provision.sql", "redis": "commands.txt"}


@dataclass
class Server:
    """One server, and what its provisioning is told."""

    kube: Kube
    ref: Ref
    image: str
    authority: str = ""
    """The authority that signed its certificate, PEM."""
    count: int = field(default=0)

    @classmethod
    def of(cls, kube: Kube, operator: Operator, namespace: str, name: str) -> Server:
        """The server *name* in the image that belongs to the operator's."""
        image = operator.pod()["spec"]["containers"][0]["image"]
        return cls(kube, Ref(POD, namespace, name), image.replace("/operator:", f"/{name}:"))

    @property
    def name(self) -> str:
        """Its name, which is its image's."""
        return self.ref.name

    @property
    def host(self) -> str:
        """By what it is reached."""
        return f"{self.name}.{self.ref.namespace}.svc"

    def place(self, kind: Kind, suffix: str) -> Ref:
        """The address of an object of its own."""
        return Ref(kind, self.ref.namespace, f"{self.name}-{suffix}")

    def prepare(self, text: str) -> None:
        """Make all that its pod needs; *text* are its settings."""
        for manifest in (
            claim(self.ref),
            service(self.ref),
            settings(self.ref, text),
            secret(self.place(SECRET, "admin"), ADMIN[self.name]),
        ):
            self.kube.create(manifest)
        self.give_certificate()

    def give_certificate(self) -> None:
        """Give it a new one, of a new authority."""
        data, self.authority = issued(self.host)
        self.kube.apply(secret(self.place(SECRET, "tls"), data))

    def start(self, *command: str) -> None:
        """Run it, or another *command* in its image."""
        pod = server(self.ref, self.image)
        if command:
            pod["spec"]["containers"][0]["command"] = list(command)
        self.kube.create(pod)

    def give(self, statements: str, user: str = "", database: str = "postgres") -> Ref:
        """Have *statements* provisioned; the pod that does it."""
        self.count += 1
        given, pod = self.place(SECRET, f"given-{self.count}"), self.place(POD, f"{self.count}")
        address = {"host": self.host, "port": str(PORTS[self.name])}
        login = {"database": database, "user": user or USER[self.name], "password": PASSWORD}
        files = {"authorities": self.authority, GIVEN[self.name]: statements}
        self.kube.create(secret(given, address | login | files))
        command = f"arkalia-provision-{self.name}"
        self.kube.create(provisioner(pod, self.image, given.name, command))
        return pod

    def told(self, pod: Ref, phase: str = "Succeeded") -> str:
        """What *pod* wrote until it ended in *phase*."""
        return ended(self.kube, pod, phase)


def issued(host: str) -> tuple[dict[str, str], str]:
    """A certificate for *host* as its Secret holds it, and the authority that signed it."""
    validity = signing.Validity(datetime.now(UTC), CERTIFICATE_SECONDS)
    authority = signing.make_authority("story", "story", validity)
    pair = signing.sign(signing.authority(authority), (host,), validity)
    data = {
        files.CERTIFICATE_KEY: pair.certificate.decode(),
        files.PRIVATE_KEY_KEY: pair.private_key.decode(),
    }
    return data, authority.certificate.decode()


def secret(ref: Ref, data: Mapping[str, str]) -> Body:
    """A Secret with *data*."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "data": encoded,
    }


def server(ref: Ref, image: str) -> Body:
    """A pod of the server *ref.name*, on its claim, `<name>-tls`, `<name>-admin` and `<name>-settings`."""
    name = ref.name
    folders = {
        "data": ("/var/lib/arkalia", {"persistentVolumeClaim": {"claimName": name}}),
        "run": ("/run/arkalia", {"emptyDir": {"medium": "Memory"}}),
        "tls": ("/etc/arkalia/tls", {"secret": {"secretName": f"{name}-tls"}}),
        "admin": ("/etc/arkalia/admin", {"secret": {"secretName": f"{name}-admin"}}),
        "settings": ("/etc/arkalia/settings", {"configMap": {"name": f"{name}-settings"}}),
    }
    probe = {
        "exec": {"command": [f"arkalia-{name}-ready"]},
        "periodSeconds": 1,
        "timeoutSeconds": 5,
        "failureThreshold": 1,
    }
    container = {"readinessProbe": probe, "ports": [{"containerPort": PORTS[name]}]}
    return _pod(ref, image, container, folders) | {"metadata": _metadata(ref, {"data": name})}


def provisioner(ref: Ref, image: str, given: str, *command: str) -> Body:
    """A pod that gives what lies in the Secret *given* to a server, once."""
    folders = {"given": ("/etc/arkalia/provision", {"secret": {"secretName": given}})}
    pod = _pod(ref, image, {"command": list(command)}, folders)
    pod["spec"]["restartPolicy"] = "Never"
    return pod


def settings(ref: Ref, text: str) -> Body:
    """The server's settings, as the operator renders them."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(Ref(CONFIG_MAP, ref.namespace, f"{ref.name}-settings"), {}),
        "data": {f"{ref.name}.conf": text},
    }


def service(ref: Ref) -> Body:
    """The Service of the server *ref.name*."""
    port = {"port": PORTS[ref.name]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(ref, {}),
        "spec": {"selector": {"data": ref.name}, "ports": [port]},
    }


def claim(ref: Ref) -> Body:
    """A small claim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(ref, {}),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "512Mi"}},
        },
    }


def wait_until_ready(kube: Kube, ref: Ref) -> None:
    """Wait until the server's probe succeeds."""

    def look() -> None:
        status = kube.require(ref)["status"]
        conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
        assert conditions.get("Ready") == "True", f"{ref} is not ready: {status}"

    eventually(look)


def ended(kube: Kube, ref: Ref, phase: str) -> str:
    """What the pod wrote, once it ended in *phase*."""
    eventually(lambda: phase_is(kube, ref, phase))
    return kube.log(ref)


def _metadata(ref: Ref, labels: Mapping[str, str]) -> Body:
    return {"name": ref.name, "namespace": ref.namespace, "labels": dict(labels)}


def _pod(ref: Ref, image: str, container: Body, folders: Mapping[str, tuple[str, Any]]) -> Body:
    volumes = {"scratch": (files.SCRATCH_FOLDER, {"emptyDir": {}}), **folders}
    mounts = [{"name": name, "mountPath": path} for name, (path, _) in volumes.items()]
    main = {
        "name": "main",
        "image": image,
        "volumeMounts": mounts,
        "securityContext": CONFINED,
        "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": MEMORY}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(ref, {}),
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": RESTRICTED,
            "terminationGracePeriodSeconds": 30,
            "volumes": [{"name": name, **source} for name, (_, source) in volumes.items()],
            "containers": [main | container],
        },
    }
