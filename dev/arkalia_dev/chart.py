"""The operator's chart and the first system: what makes a cluster an Arkalia cluster."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arkalia_dev.build_steps import names_of
from arkalia_dev.commands import MINUTE, Action, Call, command
from arkalia_dev.errors import DevError
from arkalia_dev.files import fingerprint
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.lanes import CLUSTER
from arkalia_dev.plan import Step
from arkalia_dev.run import attempt
from arkalia_dev.waiting import wait_until

RELEASE, NAMESPACE = "arkalia", "arkalia-system"
SYSTEM, SYSTEM_NAMESPACE = "luna", "arkalia"
SAMPLE = Path("dev/manifests/first-system.yaml")
MODEL = Path("dev/manifests/demonstration-model.yaml")
WAIT_SECONDS = 240
STALLED_SECONDS = 20
"""What stalls at the first moment may still mend itself, as an image that is being loaded does."""
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
        """Install the operator, apply a model and the first system, wait for it."""
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
            self._applied("Apply the demonstration model", MODEL),
            self._applied(f"Apply the system {SYSTEM}", SAMPLE),
            Step(
                f"Wait until the system {SYSTEM} is ready",
                CLUSTER,
                lambda: [
                    Call(
                        f"wait for at most {WAIT_SECONDS} s until arkaliasystem/{SYSTEM} in namespace "
                        f"{SYSTEM_NAMESPACE} is Ready, or stays Stalled",
                        self._wait,
                    )
                ],
                advice=f"All of its status: {look}",
            ),
        ]

    def _applied(self, name: str, file: Path) -> Step:
        text = (self.checkout / file).read_text
        return Step(name, CLUSTER, lambda: [self.kubectl.apply(text(encoding="utf-8"))])

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

    def _wait(self) -> None:
        wait_until(f"{SYSTEM} is Ready", self._settled(), WAIT_SECONDS)

    def _settled(self) -> Callable[[], bool]:
        """Whether the system is ready; raises DevError once it has been stalled for a while."""
        stalled_since = 0.0

        def holds() -> bool:
            nonlocal stalled_since
            known = self._conditions()
            if known.get("Stalled", {}).get("status") != "True":
                stalled_since = 0.0
                return known.get("Ready", {}).get("status") == "True"
            stalled_since = stalled_since or time.monotonic()
            if time.monotonic() - stalled_since > STALLED_SECONDS:
                message = f"{SYSTEM} is stalled: {known['Stalled']['message']}"
                raise DevError(message)
            return False

        return holds

    def _conditions(self) -> dict[str, dict[str, Any]]:
        """The conditions that speak of the system as it is now, by type."""
        system = self.kubectl.get("arkaliasystem", SYSTEM, f"--namespace={SYSTEM_NAMESPACE}") or {}
        generation = system.get("metadata", {}).get("generation")
        told = system.get("status", {}).get("conditions", [])
        return {each["type"]: each for each in told if each["observedGeneration"] == generation}
