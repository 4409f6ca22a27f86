"""`arkalia completion`: what makes a shell complete the command line with Tab."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from arkalia_cli.options import verb


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


ShellArgument = Annotated[Shell, typer.Argument(help="Which shell it is for.", show_default=False)]


@verb
def completion(shell: ShellArgument) -> None:
    """Print what makes a shell complete verbs, options and names with Tab.

    For example `source <(arkalia completion bash)` in `~/.bashrc`. `arkalia --install-completion` does
    that for the present shell; `kubectl arkalia` is completed by kubectl's own.
    """
    from arkalia_cli.completion import script

    print(script(shell))
