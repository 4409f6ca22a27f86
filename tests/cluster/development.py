"""What the development cluster tells about itself: environment variables and files."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ANSWER_SECONDS: Final = 120
AUDIT_LOG: Final = "ARKALIA_AUDIT_LOG"


@cache
def environment() -> Mapping[str, str]:
    """The variables of a shell that works on the cluster.

    Taken from the present ones where they hold them already, else asked of `arkalia_dev env`.
    """
    if AUDIT_LOG in os.environ and "KUBECONFIG" in os.environ:
        return dict(os.environ)
    return {**os.environ, **exported(_dev("env"))}


def programs() -> Mapping[str, str]:
    """The variables of a shell that finds the project's programs; no cluster need be there."""
    return {**os.environ, "PATH": f"{ROOT / 'build' / 'tools'}:{os.environ['PATH']}"}


def audit_log() -> Path:
    """The API server's audit log."""
    return Path(environment()[AUDIT_LOG])


def definitions(operator: str) -> Path:
    """The folder with the CRDs of another *operator*, from its own release."""
    return Path(_dev("crds", operator).strip())


def node_without_docker() -> bool:
    """Whether the cluster is the node, and not kind."""
    try:
        _dev("enter", "true")
    except RuntimeError:
        return False
    return True


def exported(text: str) -> dict[str, str]:
    """The variables that the shell commands *text* set."""
    words = shlex.split(text, comments=True)
    pairs = (word.partition("=") for word in words if word != "export")
    return {name: os.path.expandvars(value.rstrip(";")) for name, mark, value in pairs if mark}


def _dev(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "arkalia_dev", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "dev")},
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS,
        check=False,
    )
    if done.returncode:
        message = f"no development cluster: run `make up`. {done.stderr}"
        raise RuntimeError(message)
    return done.stdout
