"""The edge's programs: the packages of `workloads/edge/Containerfile`, as `debian_programs` unpacks them."""

import re
from pathlib import Path

import debian_programs

RECIPE = Path(__file__).resolve().parents[1] / "workloads/edge/Containerfile"


def unpacked() -> Path:
    """The folder that stands for the root of the image; the test is skipped where there is no apt."""
    return debian_programs.unpacked("edge", tuple(packages()))


def nginx_in(folder: Path) -> Path:
    """A program in *folder* that runs nginx with the libraries of its packages."""
    root, program = unpacked(), folder / "nginx"
    libraries = debian_programs.libraries(root)
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/sbin/nginx "$@"\n')
    program.chmod(0o755)
    return program


def packages() -> list[str]:
    """What the recipe of the image installs."""
    text = RECIPE.read_text().replace("\\\n", " ")
    [found] = re.findall(r"--no-install-recommends ([a-z0-9 .+-]+?) +&&", text)
    return found.split()
