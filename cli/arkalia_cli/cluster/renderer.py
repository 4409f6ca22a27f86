"""The operator's own program, for what only it can tell: how it would render a system.

The command line holds no renderer: another one than the operator's would tell something else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Final

from arkalia_cli.errors import NotFoundError
from arkalia_cli.options import Place

PROGRAM: Final = "arkalia-operator"


def render(place: Place, file: str | None, against: str, output: str) -> int:
    """Run `arkalia-operator plan` for *file*, or for its upgrade; gives its exit code.

    Raises NotFoundError.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        message = f"the program {PROGRAM} is not installed here"
        hint = (
            "Install the version that shall be asked, or run it from its image: "
            f"`{PROGRAM} plan --help` tells what it takes."
        )
        raise NotFoundError(message, hint)
    given = {
        "--namespace": place.namespace,
        "--file": file,
        "--against": against,
        "--output": output,
    }
    words = [] if file else ["--upgrade"]
    words += [word for name, value in given.items() if value for word in (name, value)]
    done = subprocess.run(  # noqa: S603 - a program of ours, with words and no shell
        [program, "plan", *words], env=_environment(place), check=False
    )
    return done.returncode


def _environment(place: Place) -> dict[str, str]:
    own = {"KUBECONFIG": place.kubeconfig} if place.kubeconfig else {}
    return {**os.environ, **own}
