"""The commands of a page, typed one after another into one shell on the development cluster."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from documentation import ROOT, Block

MARK: Final = "~~~ block"
LONGEST_PAGE_SECONDS: Final = 600
SECONDS_TO_BEGIN: Final = 60
"""For what goes on in the background to print its first line."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the shell answered."""

    code: int
    out: Sequence[str]
    """Standard output, by block."""
    err: Sequence[str]


def typed(blocks: Sequence[Block], env: dict[str, str], home: str) -> Typed:
    """Type *blocks*, and end what they left running."""
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", "\n".join(_script(blocks))],
        cwd=ROOT,
        env=_at_home(env, home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = shell.communicate(timeout=LONGEST_PAGE_SECONDS)
    finally:
        _end(shell.pid)
    return Typed(shell.returncode, _by_block(out), _by_block(err))


def _script(blocks: Sequence[Block]) -> list[str]:
    return [f"echo '{MARK}'; echo '{MARK}' >&2\n{_in_its_manner(each)}" for each in blocks]


def _in_its_manner(block: Block) -> str:
    if block.manner == "seeks":
        return f"set +e +o pipefail\n{block.text}\nset -e -o pipefail"
    if block.manner == "background":
        return (
            f"said=$(mktemp); ( {block.text.strip()} ) >$said 2>/dev/null &\n"
            f"timeout {SECONDS_TO_BEGIN} bash -c 'until [ -s \"$0\" ]; do sleep 0.1; done' $said"
        )
    return block.text


def _at_home(env: dict[str, str], home: str) -> dict[str, str]:
    """*env* in which what a page installs goes to *home*, and what is built already is found."""
    old = env["HOME"]
    there = {
        "XDG_CACHE_HOME": f"{old}/.cache",
        "XDG_STATE_HOME": f"{old}/.local/state",
        "KUBECACHEDIR": f"{old}/.kube/cache",
    }
    return {**there, **env, "HOME": home}


def _by_block(text: str) -> list[str]:
    return text.split(f"{MARK}\n")[1:]


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
