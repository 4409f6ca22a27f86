"""The operator's chart and the first system: what makes a cluster an Arkalia cluster."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arkalia_dev.build_steps import names_of
from arkalia_dev.commands import MINUTE, Action, command
from arkalia_dev.files import fingerprint
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.lanes import CLUSTER
from arkalia_dev.plan import Step
from arkalia_dev.run import attempt

RELEASE, NAMESPACE = "arkalia", "arkalia-system"
SYSTEM, SYSTEM_NAMESPACE = "luna", "arkalia"
SAMPLE = Path("docs/examples/empty/system.yaml")
WAIT_SECONDS = 240
NAMESPACES = "\n---\n".join(
    f"""apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels: {{pod-security.kubernetes.io/enforce: restricted}}"""
    for name in (NAMESPACE, SYSTEM_NAMESPACE)
)


@dataclass(frozen=True)
class Chart:
    """The release of the chart on the development cluster."""

    checkout: Path
    helm: Path
    kubectl: Kubectl

    def steps(self) -> list[Step]:
        """Install the operator, apply the sample, wait for it."""
        look = f"kubectl describe arkaliasystem {SYSTEM} --namespace {SYSTEM_NAMESPACE}"
        return [
            Step(
                "Install the operator",
                CLUSTER,
                self._install_actions,
                self.is_installed,
                needs=names_of("helm"),
                advice=f"kubectl logs --namespace {NAMESPACE} deployment/{RELEASE}",
            ),
            Step(
                f"Apply the system {SYSTEM}",
                CLUSTER,
                lambda: [self.kubectl.apply((self.checkout / SAMPLE).read_text(encoding="utf-8"))],
            ),
            Step(
                f"Wait until the system {SYSTEM} is ready",
                CLUSTER,
                lambda: [self._wait()],
                advice=f"Its status says why: {look}",
            ),
        ]

    def inputs(self) -> str:
        """Fingerprint of the chart and its values: kept as the release's description."""
        folder = self.checkout / "charts" / "arkalia"
        files = [file for file in folder.rglob("*") if file.is_file()]
        names = "\n".join(sorted(str(file.relative_to(folder)) for file in files))
        return f"inputs {fingerprint([*files, self._values], names)}"

    @property
    def _values(self) -> Path:
        return self.checkout / "dev" / "values.yaml"

    def is_installed(self) -> bool:
        """Whether the release is what this checkout holds."""
        info = self._info()
        return info.get("status") == "deployed" and info.get("description") == self.inputs()

    def _info(self) -> dict[str, Any]:
        question = ("status", RELEASE, "--namespace", NAMESPACE, "--output=json")
        told = attempt(self.helm, *question, env=self.kubectl.environment())
        return dict(json.loads(told.stdout)["info"]) if told.returncode == 0 else {}

    def _install_actions(self) -> list[Action]:
        chart = self.checkout / "charts" / "arkalia"
        values = (f"--values={self._values}", f"--description={self.inputs()}")
        limits = ("--wait", "--timeout=3m")
        return [
            self.kubectl.apply(NAMESPACES),
            *self._repair_actions(),
            self._helm("upgrade", "--install", RELEASE, str(chart), *values, *limits),
        ]

    def _repair_actions(self) -> list[Action]:
        """A killed helm leaves its release pending, and refuses to touch it from then on."""
        status = self._info().get("status", "")
        if status == "pending-install":
            return [self._helm("uninstall", RELEASE, "--wait")]
        return [self._helm("rollback", RELEASE)] if status.startswith("pending-") else []

    def _helm(self, *words: str) -> Action:
        environment = {**self.kubectl.environment(), "HELM_KUBECONTEXT": ""}
        space = ("--namespace", NAMESPACE)
        return command(self.helm, *words, *space, env=environment, timeout=5 * MINUTE)

    def _wait(self) -> Action:
        words = (f"arkaliasystem/{SYSTEM}", f"--namespace={SYSTEM_NAMESPACE}")
        return self.kubectl.wait("wait", "--for=condition=Ready", *words, seconds=WAIT_SECONDS)
