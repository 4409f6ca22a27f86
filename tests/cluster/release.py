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
from cluster.kinds import Ref
from cluster.kube import Body, Kube
from cluster.waiting import eventually

ROOT: Final = Path(__file__).resolve().parents[2]
RELEASE: Final = "arkalia"
OPERATOR_NAMESPACE: Final = "arkalia-system"
UPGRADE_SECONDS: Final = 120


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

    def pod(self) -> Body:
        """Its one pod, ready. Raises AssertionError while there is another state."""
        selector = self.deployment["spec"]["selector"]["matchLabels"]
        pods = self._kube.find(POD, OPERATOR_NAMESPACE, selector)
        assert len(pods) == 1, f"{len(pods)} pods of the operator"
        conditions = {each["type"]: each for each in pods[0]["status"].get("conditions", [])}
        ready = conditions.get("Ready", {}).get("status")
        assert ready == "True", f"the operator's pod is not ready: {pods[0]['status']}"
        return pods[0]

    def restarts(self) -> int:
        """How often its container has ended in the present pod."""
        return sum(each["restartCount"] for each in self.pod()["status"]["containerStatuses"])

    def restart(self) -> None:
        """Delete its pod and wait for the next one."""
        before = eventually(self.pod)
        self._kube.delete(Ref.of(before))
        eventually(lambda: self._other_than(before), within=60)

    def _other_than(self, before: Body) -> None:
        now = self.pod()["metadata"]["uid"]
        assert now != before["metadata"]["uid"], "the operator's old pod is still there"

    def upgrade(self, **values: str) -> None:
        """`helm upgrade` with *values* beside those in force, until it is rolled out."""
        settings = [f"--set={name}={value}" for name, value in values.items()]
        self._helm(
            "upgrade", RELEASE, str(ROOT / "charts" / "arkalia"), "--reuse-values", "--wait",
            f"--timeout={UPGRADE_SECONDS}s", f"--description={self._description()}", *settings
        )  # fmt: skip
        eventually(self.pod, within=30)

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
            again = ("install", RELEASE, chart, "--values=-", description, *limits)
            self._helm(*again, values=values)
            eventually(self.pod, within=30)

    def _description(self) -> str:
        """What `make up` knows its release by: without it, it would upgrade once more."""
        told = json.loads(self._helm("status", RELEASE, "--output=json"))
        return str(told["info"]["description"])

    def _helm(self, *arguments: str, values: str = "") -> str:
        return subprocess.run(
            ["helm", *arguments, "--namespace", OPERATOR_NAMESPACE],
            env=dict(self._environment),
            input=values,
            check=True,
            capture_output=True,
            text=True,
            timeout=UPGRADE_SECONDS + 10,
        ).stdout
