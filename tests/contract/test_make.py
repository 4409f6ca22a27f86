"""The targets of the Makefile and the scripts that they run do what `make help` promises."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TOLD = re.compile(r"^([a-z]+):.*## (.+)$", re.MULTILINE)
DEFINED = re.compile(r"^([a-z-]+):", re.MULTILINE)
INTERNAL = {"python", "tools"}
PART = "check-"
"""Of `make check`: each has its own name in what that says."""


def run(*command, **environment):
    return subprocess.run(
        [*command],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def cluster(tmp_path):
    """A stand-in for `python3 -m arkalia_dev`: notes its verbs; `status` says what a file says."""
    notes, is_up, python = tmp_path / "notes", tmp_path / "up", tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$3" >>{notes}\nif [ "$3" = status ]; then test -e {is_up}; fi\n'
    )
    python.chmod(0o755)
    return python, notes, is_up


def test_help_tells_of_every_target():
    told = run("make", "help").stdout

    parts = {each for each in DEFINED.findall(MAKEFILE) if each.startswith(PART)}
    targets = set(DEFINED.findall(MAKEFILE)) - INTERNAL - parts
    assert {line.split()[1] for line in told.splitlines()} == targets


def test_help_fits_on_a_screen():
    assert len(TOLD.findall(MAKEFILE)) <= 14


@pytest.mark.parametrize(("target", "sentence"), TOLD.findall(MAKEFILE))
def test_target_is_explained_by_a_sentence(target, sentence):
    assert sentence[0].isupper()
    assert sentence.endswith(".")


def test_wrong_python_is_told_before_anything_is_done(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi\n')
    old.chmod(0o755)

    answer = run("make", "python", f"PYTHON={old}")

    assert answer.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed; this is Python 3.9.2." in answer.stdout


def test_distributions_own_python_is_taken_where_it_fits():
    own = shutil.which("python3", path="/usr/bin")
    asked = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
    fits = own and subprocess.run([own, "-c", asked], check=False).returncode == 0

    show = ("--no-print-directory", "--eval", "show: ; @echo $(PYTHON)", "show")
    answer = run("make", *show, MAKEFLAGS="", PYTHON="")

    assert answer.stdout.strip() == (own if fits else "python3")


def test_step_says_its_name_and_time_and_hides_what_went_well():
    answer = run("dev/step", "lint", "Mend it.", "echo", "nothing to see")

    assert re.fullmatch(r"== lint +\d+ s\n", answer.stdout)
    assert answer.returncode == 0


def test_step_shows_the_output_and_the_advice_when_it_fails():
    answer = run("dev/step", "lint", "Mend it.", "sh", "-c", "echo what is wrong; exit 3")

    assert "what is wrong" in answer.stdout
    assert answer.stdout.endswith("** lint failed. Mend it.\n")
    assert answer.returncode == 3


def test_step_shows_the_output_of_a_test_runner_also_when_all_is_well():
    answer = run("dev/step", "--show", "tests", "Mend it.", "echo", "5 passed")

    assert "\n5 passed\n" in answer.stdout


def test_cluster_that_was_up_stays_up(cluster):
    python, notes, is_up = cluster
    is_up.touch()

    answer = run("dev/with-cluster", "true", PYTHON=str(python))

    assert answer.returncode == 0
    assert notes.read_text().split() == ["status", "up"]


def test_cluster_that_was_down_is_taken_down_again(cluster):
    python, notes, _ = cluster

    answer = run("dev/with-cluster", "true", PYTHON=str(python))

    assert answer.returncode == 0
    assert notes.read_text().split() == ["status", "up", "down"]


def test_cluster_is_taken_down_and_the_failure_told_when_the_command_fails(cluster):
    python, notes, _ = cluster

    answer = run("dev/with-cluster", "sh", "-c", "exit 5", PYTHON=str(python))

    assert answer.returncode == 5
    assert notes.read_text().split() == ["status", "up", "down"]


def test_ci_runs_make_test_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    commands = [line for line in lines if line and not line.startswith("#")]

    assert commands[0] == "set -euo pipefail"
    assert commands[-1] == "exec make test"
    assert len(commands) == 3
