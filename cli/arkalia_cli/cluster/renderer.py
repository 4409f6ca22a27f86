"""The operator's own program, for what only it can tell: how it would render a system.

The command line holds no renderer: another one than the operator's would tell something else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from arkalia_cli.cluster.connection import namespace_of
from arkalia_cli.errors import NotFoundError, UnreachableError
from arkalia_cli.options import Target

PROGRAM: Final = "arkalia-operator"
CLUSTER: Final = "cluster"
"""What `--against` says where no snapshot is meant."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the program."""

    file: str | None
    """A file with ArkaliaSystems; without it every system of the cluster is meant."""
    upgrade: bool
    """Whether what upgrades would do counts, too."""
    against: str


def render(target: Target, question: Question, output: str) -> int:
    """Run `arkalia-operator plan` for *question*; gives its exit code. Raises CliError."""
    program = shutil.which(PROGRAM)
    if program is None:
        message = f"the program {PROGRAM} is not installed here"
        hint = (
            "Install the version that shall be asked, from its checkout with `uv tool install "
            "./operator`, or run it from the operator's image."
        )
        raise NotFoundError(message, hint)
    given = {
        "--namespace": _namespace(target, question.against),
        "--context": target.context if question.against == CLUSTER else None,
        "--file": question.file,
        "--against": question.against,
        "--output": output,
    }
    words = ["--upgrade"] if question.upgrade else []
    words += [word for name, value in given.items() if value for word in (name, value)]
    done = subprocess.run(  # noqa: S603 - a program of ours, with words and no shell
        [program, "plan", *words], env=_environment(target), check=False
    )
    return done.returncode


def _namespace(target: Target, against: str) -> str | None:
    """The namespace that every verb would take; a snapshot can do without a kubeconfig."""
    try:
        return target.namespace or namespace_of(target.context, target.kubeconfig)
    except UnreachableError:
        if against == CLUSTER or target.context:
            raise
        return None


def _environment(target: Target) -> dict[str, str]:
    """What the shell has, and the kubeconfig that the command names."""
    return {**os.environ, **({"KUBECONFIG": target.kubeconfig} if target.kubeconfig else {})}
