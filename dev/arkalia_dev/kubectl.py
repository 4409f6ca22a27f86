"""kubectl with this cluster's kubeconfig, as commands and as questions."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arkalia_dev.commands import MINUTE, Command, command
from arkalia_dev.run import attempt

FIELD_MANAGER = "arkalia-dev"
GRACE_SECONDS = 30.0
"""kubectl ends by itself a moment after its own limit."""


@dataclass(frozen=True)
class Kubectl:
    """A kubectl and the cluster it talks to."""

    program: Path
    kubeconfig: Path
    direct: Callable[[], str] = str
    """Address ranges that are reached directly even when the machine has an HTTP proxy."""

    def environment(self) -> Mapping[str, str]:
        """What every client of the cluster needs."""
        # A cluster that is made anew at the same address must not be taken for the old one.
        cache = str(self.kubeconfig.with_name("kube-cache"))
        extra = {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": cache}
        if _has_proxy() and (direct := self.direct()):
            known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
            extra["NO_PROXY"] = extra["no_proxy"] = f"{known},{direct}".strip(",")
        return extra

    def command(self, *words: str, stdin: str = "", timeout: float = MINUTE) -> Command:
        """One call of kubectl, as a command of a plan."""
        argv = (str(self.program), *words)
        return command(*argv, env=self.environment(), stdin=stdin, timeout=timeout)

    def apply(self, manifests: str) -> Command:
        """Server-side apply of *manifests*: what is as it should be is not written."""
        flags = ("--server-side", f"--field-manager={FIELD_MANAGER}", "--force-conflicts")
        return self.command("apply", *flags, "--filename=-", stdin=manifests, timeout=2 * MINUTE)

    def wait(self, *words: str, seconds: float) -> Command:
        """One call of kubectl that waits for something, for at most *seconds*."""
        limit = f"--timeout={seconds:.0f}s"
        return self.command(*words, limit, timeout=seconds + GRACE_SECONDS)

    def ask(self, *words: str) -> str | None:
        """What kubectl *words* prints, or None when it fails."""
        done = attempt(self.program, *words, env=self.environment())
        return done.stdout if done.returncode == 0 else None

    def get(self, *words: str) -> Any:
        """An object or a list as JSON, or None when it cannot be had."""
        text = self.ask("get", *words, "--output=json")
        return json.loads(text) if text else None

    def answers(self) -> bool:
        """Whether the API server is there and ready."""
        return self.ask("get", "--raw=/readyz", "--request-timeout=5s") == "ok"


def _has_proxy() -> bool:
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    return any(os.environ.get(name) for name in names)
