"""The command line as a whole: how it starts, what it shares."""

import subprocess
import sys
from pathlib import Path

import pytest

from arkalia_cli.errors import Exit
from arkalia_cli.program import app
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system

SCRIPTS = Path(sys.executable).parent
HEAVY = {"kubernetes", "urllib3", "yaml", "rich.markdown"}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=55, check=False)


def test_help_names_every_verb_and_exit_code(arkalia):
    text = arkalia("--help").stdout

    assert all(command.name in text for command in app.registered_commands)
    assert all(f"{code.value}: " in text for code in Exit)


def test_help_loads_nothing_of_kubernetes():
    code = "import sys, arkalia_cli.program; print(*sys.modules)"

    loaded = set(run(sys.executable, "-c", code).stdout.split())

    assert "arkalia_cli.verbs.status" in loaded
    assert HEAVY & loaded == set()


@pytest.mark.parametrize(
    ("script", "name"), [("arkalia", "arkalia"), ("kubectl-arkalia", "kubectl arkalia")]
)
def test_help_calls_the_program_by_the_name_that_was_typed(script, name):
    done = run(SCRIPTS / script, "status", "--help")

    assert f"Usage: {name} status [OPTIONS]" in done.stdout


def test_verb_without_a_meaning_ends_with_2(arkalia):
    assert arkalia("statsu").exit_code == Exit.MISTAKE


def test_names_of_systems_are_completed(cluster, arkalia, monkeypatch):
    cluster.list(SYSTEMS, a_system("luna"), a_system("sol"))
    monkeypatch.setenv("_ARKALIA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "arkalia status lu")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert "luna" in run(SCRIPTS / "arkalia").stdout.split()


TYPES = """
source <({program} completion bash)
COMP_WORDS=(arkalia explain ImageCannot) COMP_CWORD=2
_arkalia_completion arkalia
echo "${{COMPREPLY[@]}}"
"""


def test_bash_proposes_words_once_it_has_read_the_completion():
    done = run("bash", "-c", f"PATH={SCRIPTS}:$PATH\n" + TYPES.format(program=SCRIPTS / "arkalia"))

    assert done.stdout.split() == ["ImageCannotBePulled"], done.stderr


@pytest.mark.parametrize(
    ("shell", "beginning"),
    [
        ("zsh", "#compdef arkalia\n"),
        ("fish", "complete --command arkalia "),
    ],
)
def test_other_shells_get_what_they_read(arkalia, shell, beginning):
    assert arkalia("completion", shell).stdout.lstrip().startswith(beginning)


def test_unknown_shell_ends_with_2_and_the_known_ones(arkalia):
    answer = arkalia("completion", "tcsh")

    assert answer.exit_code == Exit.MISTAKE
    assert all(shell in answer.output for shell in ("bash", "zsh", "fish"))


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["sta"], "status"),
        (["status", "lu"], "luna"),
        (["status", ""], "luna"),
        (["status", "--outp"], "--output"),
        (["explain", "ImageCannot"], "ImageCannotBePulled"),
    ],
)
def test_kubectl_gets_proposals_and_no_names_of_files(cluster, arkalia, words, proposed):
    cluster.list(SYSTEMS, a_system("luna"), a_system("sol"))

    lines = run(SCRIPTS / "kubectl_complete-arkalia", *words).stdout.splitlines()

    assert proposed in lines[:-1]
    assert lines[-1] == ":4"
