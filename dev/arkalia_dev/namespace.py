"""The node's own namespaces: network, mounts, processes, host name and shared memory.

Everything that a Kubernetes node does to a machine (bridges, firewall rules, hundreds of mounts,
container processes) happens in there. Its first process is `init`: when it ends, the kernel ends every other
process inside, and with the last process go the mounts, the interfaces and the rules.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arkalia_dev.errors import DevError
from arkalia_dev.identity import Identity, identify
from arkalia_dev.run import WITH_PARENT

NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
GO = b"go"
END_SECONDS = 30.0


@dataclass(frozen=True)
class Newborn:
    """An init that waits for its network before it starts; it ends itself if its parent ends first."""

    identity: Identity
    word: int
    """The file descriptor on which it waits for the word."""

    def go(self) -> None:
        """Let it start; from now on it outlives this process."""
        os.write(self.word, GO)
        os.close(self.word)


def create(state: Path, environment: Mapping[str, str]) -> Newborn:
    """Start an init in new namespaces, with *environment* alone; it does nothing before Newborn.go."""
    heard, word = os.pipe()
    with (state / "logs" / "init.log").open("ab") as log:
        process = subprocess.Popen(
            ("unshare", *NAMESPACES, "--fork", sys.executable, "-m", "arkalia_dev.init", state),
            env=environment,
            cwd="/",
            stdin=heard,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    os.close(heard)
    return Newborn(_child_of(process.pid), word)


def _child_of(parent: int) -> Identity:
    """The one child of unshare, which appears within milliseconds."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            words = children.read_text().split()
        except FileNotFoundError:
            break
        if words and (child := identify(int(words[0]))):
            return child
        time.sleep(0.01)
    message = "The kernel did not make new namespaces (unshare)."
    raise DevError(
        message, "The state folder's logs/init.log has its reason; root rights are needed."
    )


def inside(init: Identity, *argv: str | Path) -> tuple[str, ...]:
    """The command *argv* as it runs in the node's namespaces."""
    flags = ("--mount", "--net", "--pid", "--uts", "--ipc")
    return ("nsenter", "--target", str(init.pid), *flags, "--", *(str(word) for word in argv))


def in_network(init: Identity, *argv: str) -> tuple[str, ...]:
    """The command *argv* with the node's network but the host's files."""
    return ("nsenter", "--target", str(init.pid), "--net", "--", *argv)


def privately(*argv: str | Path) -> tuple[str, ...]:
    """The command *argv* with mounts of its own, which vanish with it even when it is killed."""
    words = (str(word) for word in argv)
    return ("unshare", "--mount", "--", *WITH_PARENT, *words)


def end(init: Identity) -> None:
    """Kill *init*, and wait until the kernel has ended everything inside its namespaces.

    Raises:
        DevError: it still runs after 30 s.
    """
    if init.is_alive():
        os.kill(init.pid, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while init.is_alive():
        if time.monotonic() > deadline:
            message = f"The node's first process {init.pid} does not end after SIGKILL."
            raise DevError(message, "A process in it hangs in the kernel: see dmesg.")
        time.sleep(0.05)
