"""Debian packages that the node needs; installed only where they can be (Debian or Ubuntu, as root)."""

import os
import shutil

from arkalia_dev.commands import MINUTE, Action, command
from arkalia_dev.errors import ImpossibleHereError
from arkalia_dev.run import attempt

NODE = (
    "ca-certificates",
    "conntrack",  # kube-proxy forgets connections to endpoints that are gone
    "containernetworking-plugins",
    "iproute2",
    "iptables",
    "openssl",
    "runc",
)
IMAGES = ("buildah", "debootstrap", "skopeo")
WHEELS = ("python3-venv",)
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def missing(names: tuple[str, ...]) -> list[str]:
    """Those of *names* that are not installed."""
    form = "${Package} ${db:Status-Abbrev}\n"
    told = attempt("dpkg-query", "--show", "--showformat", form, *names).stdout.splitlines()
    installed = {line.split()[0] for line in told if line.split()[1:2] == ["ii"]}
    return [name for name in names if name not in installed]


def install_actions(names: tuple[str, ...]) -> list[Action]:
    """What installs the missing ones of *names*.

    Raises:
        ImpossibleHereError: this is no Debian, or the user is not root.
    """
    wanted = missing(names)
    if wanted:
        _check_possible(wanted)
    install = ("apt-get", "install", "--yes", "--no-install-recommends", *wanted)
    return [
        command("apt-get", "update", env=QUIET, timeout=5 * MINUTE),
        command(*install, env=QUIET, timeout=15 * MINUTE),
    ]


def _check_possible(wanted: list[str]) -> None:
    names = " ".join(wanted)
    if not shutil.which("apt-get"):
        message = "This machine has no Docker engine, and is neither Debian nor Ubuntu."
        advice = (
            "Start Docker and run the command again (the cluster is then made by kind), or install what "
            f"these Debian packages hold: {names}"
        )
        raise ImpossibleHereError(message, advice)
    if os.geteuid() != 0:
        message = f"Packages are missing and only root can install them: {names}"
        raise ImpossibleHereError(message, f"Run: sudo apt-get install {names}")
