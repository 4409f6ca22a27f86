"""The command line installs into an empty home, by each tool and on each Python that is here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.development import environment
from documentation import ROOT

pytestmark = pytest.mark.soak

PROGRAMS = ("arkalia", "kubectl-arkalia", "kubectl_complete-arkalia")
PYTHONS = ("3.11", "3.12", "3.13")
SECONDS = 600
"""pip compiles and loads without a cache."""


@pytest.fixture(scope="module")
def uv():
    """The uv of the checkout."""
    command = [sys.executable, "-m", "arkalia_dev", "bootstrap"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "dev")}
    told = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return told.stdout.strip()


@pytest.fixture(params=PYTHONS)
def python(request, uv):
    """The path of a Python that is on this machine."""
    command = [uv, "python", "find", "--no-python-downloads", "--no-project", request.param]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if found.returncode:
        pytest.skip(f"no Python {request.param} here")
    return found.stdout.strip()


@pytest.fixture(scope="module")
def wheels(uv, tmp_path_factory):
    """The wheels of the command line and of what it stands on."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in ("arkalia-cli", "arkalia-contract"):
        run(uv, "build", "--wheel", "--package", package, "--out-dir", str(folder), env=os.environ)
    return folder


@pytest.fixture
def home(tmp_path):
    """The variables of a user who has nothing yet; what uv has downloaded may be used again."""
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    return {
        **environment(),
        "HOME": str(tmp_path),
        "UV_CACHE_DIR": cache,
        "XDG_DATA_HOME": str(tmp_path / ".local" / "share"),
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / ".local" / "bin"),
        "PATH": f"{tmp_path}/.local/bin:{environment()['PATH']}",
    }


def run(*command, env):
    answer = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def works(home):
    """Raises AssertionError unless all programs are there, and kubectl finds the plugin."""
    programs = Path(home["PATH"].partition(":")[0])
    assert {each.name for each in programs.iterdir()} >= set(PROGRAMS)
    assert run("arkalia", "--version", env=home).startswith("arkalia ")
    assert "ImageCannotBePulled" in run("arkalia", "explain", "ImageCannotBePulled", env=home)
    assert run("kubectl", "arkalia", "--version", env=home).startswith("arkalia ")


def test_uv_installs_it_from_the_checkout(uv, python, home):
    run(uv, "tool", "install", "./cli", "--python", python, env=home)

    works(home)


def test_uv_installs_it_from_a_git_address(uv, home):
    address = f"arkalia-cli @ git+file://{ROOT}#subdirectory=cli"

    run(uv, "tool", "install", address, env=home)

    works(home)


def test_uv_installs_it_from_wheels(uv, wheels, home):
    run(uv, "tool", "install", "arkalia-cli", "--find-links", str(wheels), "--no-sources", env=home)

    works(home)


def test_pipx_installs_it_from_the_checkout(uv, python, home):
    contract = str(ROOT / "workloads" / "contract")
    pipx = (uv, "tool", "run", "pipx", "install", "./cli", "--preinstall", contract)

    run(*pipx, "--python", python, env=home)

    works(home)
