"""The Helm release of the operator, as `make up` installs it, and the operator that it runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from arkalia_contract import labels
from arkalia_operator.desired.kinds import DEPLOYMENT, POD
from cluster.kinds import LEASE, Ref
from cluster.kube import Body, Kube
from cluster.systems import uids
from cluster.waiting import eventually

ROOT: Final = Path(__file__).resolve().parents[2]
RELEASE: Final = "arkalia"
OPERATOR_NAMESPACE: Final = "arkalia-system"
UPGRADE_SECONDS: Final = 300


class Operator:
    """The running operator."""

    def __init__(self, kube: Kube, environment: Mapping[str, str]) -> None:
        self._kube = kube
        self._environment = environment

    @property
    def deployment(self) -> Body:
        """Its Deployment: the only one of its release."""
        found = self._kube.find(DEPLOYMENT, OPERATOR_NAMESPACE, {labels.INSTANCE: RELEASE})
        assert len(found) == 1, f"{len(found)} Deployments of release {RELEASE}: run `make up`"
        return found[0]

    @property
    def user(self) -> str:
        """Its name in the audit log."""
        account = self.deployment["spec"]["template"]["spec"]["serviceAccountName"]
        return f"system:serviceaccount:{OPERATOR_NAMESPACE}:{account}"

    def pods(self) -> list[Body]:
        """Its pods, all ready. Raises AssertionError while there is another state."""
        deployment = self.deployment
        selector = deployment["spec"]["selector"]["matchLabels"]
        found = self._kube.find(POD, OPERATOR_NAMESPACE, selector)
        wanted = deployment["spec"]["replicas"]
        assert len(found) == wanted, f"{len(found)} pods of the operator, not {wanted}"
        for pod in found:
            conditions = {each["type"]: each for each in pod["status"].get("conditions", [])}
            ready = conditions.get("Ready", {}).get("status")
            assert ready == "True", f"a pod of the operator is not ready: {pod['status']}"
        return found

    def pod(self) -> Body:
        """The one that leads, once all are ready. Raises AssertionError while there is none."""
        found = {pod["metadata"]["name"]: pod for pod in self.pods()}
        holder = self.holder()
        assert holder in found, f"{holder or 'nobody'} leads, and is none of {sorted(found)}"
        return found[holder]

    def holder(self) -> str:
        """The name of the pod that leads; empty if none does."""
        return str(self.lease["spec"].get("holderIdentity") or "").partition("_")[0]

    @property
    def lease(self) -> Body:
        """By which its pods take turns."""
        return self._kube.require(Ref.of_kind(LEASE, self.deployment))

    def restarts(self) -> int:
        """How often containers have ended in the present pods."""
        containers = [each for pod in self.pods() for each in pod["status"]["containerStatuses"]]
        return sum(each["restartCount"] for each in containers)

    def restart(self) -> None:
        """Delete all its pods and wait for the next ones."""
        before = eventually(self.pods)
        for pod in before:
            self._kube.delete(Ref.of(pod))
        eventually(lambda: self._other_than(before))

    def _other_than(self, before: list[Body]) -> None:
        self.pod()
        left = uids(self.pods()) & uids(before)
        assert not left, f"{len(left)} old pods of the operator are still there"

    def upgrade(self, **values: str) -> None:
        """`helm upgrade` with *values* beside those in force, until it is rolled out."""
        self._upgrade(**values)
        eventually(self.pod)

    @contextmanager
    def away(self) -> Iterator[None]:
        """No pod of it for a while. By Helm, which does not share a field with anybody else."""
        wanted = self.deployment["spec"]["replicas"]
        self._upgrade(replicas="0")
        try:
            eventually(self._none_left)
            yield
        finally:
            self.upgrade(replicas=str(wanted))

    def _none_left(self) -> None:
        assert not self.deployment.get("status", {}).get("replicas"), "the operator still runs"

    def _upgrade(self, **values: str) -> None:
        settings = [f"--set={name}={value}" for name, value in values.items()]
        self._helm(
            "upgrade", RELEASE, str(ROOT / "charts" / "arkalia"), "--reuse-values", "--wait",
            f"--timeout={UPGRADE_SECONDS}s", f"--description={self._description()}", *settings
        )  # fmt: skip

    @contextmanager
    def uninstalled(self) -> Iterator[None]:
        """Without it for a while; then `helm install` with the same values, until it is ready."""
        description = f"--description={self._description()}"
        values = self._helm("get", "values", RELEASE, "--output=json")
        limits = ("--wait", f"--timeout={UPGRADE_SECONDS}s")
        self._helm("uninstall", RELEASE, *limits)
        try:
            yield
        finally:
            chart = str(ROOT / "charts" / "arkalia")
            self._helm("install", RELEASE, chart, "--values=-", description, *limits, given=values)
            eventually(self.pod)

    def _description(self) -> str:
        """What `make up` knows its release by: without it, it would upgrade once more."""
        told = json.loads(self._helm("status", RELEASE, "--output=json"))
        return str(told["info"]["description"])

    def _helm(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            ["helm", *arguments, "--namespace", OPERATOR_NAMESPACE],
            env=dict(self._environment),
            input=given,
            check=False,
            capture_output=True,
            text=True,
            timeout=UPGRADE_SECONDS + 10,
        )
        assert done.returncode == 0, f"helm {arguments[0]}: {done.stderr}"
        return done.stdout
