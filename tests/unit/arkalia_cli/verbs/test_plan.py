"""`arkalia plan` from the command to the exit code."""

import stat

import pytest

from unit.arkalia_cli.api_server import kubeconfig
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_condition, a_system, with_conditions

CHANGES = {
    "hash": "0123456789abcdef", "create": 1, "change": 70, "delete": 0,
    "objects": ["change Deployment luna-zeroia: spec.replicas"],
    "restarts": ["Deployment luna-zeroia"],
}  # fmt: skip


def waiting(**changes):
    told = a_condition("ChangesApproved", "False", "WaitingForApproval", "Approve it.")
    system = a_system(conditions=with_conditions(told))
    system["status"]["changes"] = CHANGES | changes
    return system


def test_system_in_which_nothing_waits_ends_with_0(cluster, arkalia):
    cluster.list(SYSTEMS, a_system())

    done = arkalia("plan")

    assert (done.exit_code, done.stdout) == (0, "No change of luna (arkalia) waits.\n")


def test_plan_that_waits_is_shown_and_ends_with_7(cluster, arkalia):
    cluster.list(SYSTEMS, waiting())

    done = arkalia("plan", "luna")

    assert done.exit_code == 7
    assert done.stdout.splitlines() == [
        "plan 0123456789abcdef of luna waits",
        "  change Deployment luna-zeroia: spec.replicas",
        "  and 70 more",
        "  replaces the pods of Deployment luna-zeroia",
        "Approve it.",
    ]


def test_held_upgrade_lists_no_objects_beside_its_pods(cluster, arkalia):
    cluster.list(SYSTEMS, waiting(create=0, change=0, objects=[]))

    assert "more" not in arkalia("plan").stdout


@pytest.mark.parametrize("reason", ["RolloutsHeld", "Paused"])
def test_change_that_is_held_without_a_plan_is_told_and_ends_with_7(cluster, arkalia, reason):
    held = a_condition("Ready", "Unknown", reason, "The pods of zeroia stay as they are.")
    cluster.list(SYSTEMS, a_system(conditions=with_conditions(held)))

    done = arkalia("plan")

    assert (done.exit_code, done.stdout) == (7, "The pods of zeroia stay as they are.\n")


def test_spec_that_the_operator_has_not_looked_at_ends_with_1(cluster, arkalia):
    system = a_system()
    system["metadata"]["generation"] = 2
    cluster.list(SYSTEMS, system)

    done = arkalia("plan")

    assert done.exit_code == 1
    assert "has not looked at the present spec" in done.stdout


def test_plan_is_told_to_programs(cluster, told):
    cluster.list(SYSTEMS, waiting())

    found = told("plan")

    assert (found["hash"], found["change"]) == ("0123456789abcdef", 70)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program in the place of the operator's, which notes how it was called."""
    path = tmp_path / "bin" / "arkalia-operator"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\nprintf \'%s\\n\' "$@" "$KUBECONFIG" > "$0.called"\nexit 2\n', encoding="utf-8"
    )
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


@pytest.fixture
def called(arkalia, program):
    """Run `arkalia plan`; gives its exit code, and the words and the kubeconfig of the program."""

    def run(*words):
        done = arkalia("plan", *words)
        *given, config = program.with_suffix(".called").read_text(encoding="utf-8").splitlines()
        return done.exit_code, given, config

    return run


def test_file_is_asked_of_the_operators_program(called, tmp_path):
    other = kubeconfig(tmp_path / "other", "https://127.0.0.1:1")

    code, words, config = called(
        "-f", "system.yaml", "-n", "moon", "--kubeconfig", other, "-o", "json"
    )

    assert (code, config) == (2, other)
    assert words == [
        "plan", "--namespace", "moon", "--file", "system.yaml", "--against", "cluster",
        "--output", "json",
    ]  # fmt: skip


def test_context_and_its_namespace_are_passed_on(called):
    words = called("-f", "system.yaml", "--context", "there")[1]

    assert words[1:5] == ["--namespace", "elsewhere", "--context", "there"]


def test_namespace_is_the_one_of_the_current_context(called):
    assert called("-f", "system.yaml")[1][1:3] == ["--namespace", "arkalia"]


def test_snapshot_takes_the_namespace_of_a_context_and_no_context(called):
    words = called("-f", "a.yaml", "--against", "b.json", "--context", "there")[1]

    assert words[1:3] == ["--namespace", "elsewhere"]
    assert "--context" not in words


def test_snapshot_needs_no_kubeconfig(called, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    assert called("-f", "a.yaml", "--against", "b.json")[1][1:3] == ["--file", "a.yaml"]


def test_cluster_without_a_kubeconfig_ends_with_3(arkalia, program, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    assert arkalia("plan", "-f", "a.yaml").exit_code == 3


def test_upgrade_is_asked_of_the_operators_program(called):
    words = called("--upgrade", "--against", "snapshot.json")[1]

    assert words[:2] == ["plan", "--upgrade"]
    assert words[-4:] == ["--against", "snapshot.json", "--output", "text"]


def test_file_with_upgrades_let_in_is_asked_for_both(called):
    words = called("-f", "system.yaml", "--upgrade")[1]

    assert {"--upgrade", "--file"} <= set(words)


@pytest.mark.parametrize("words", [("-f", "system.yaml"), ("--upgrade",)])
def test_system_beside_a_file_or_an_upgrade_is_a_mistake(arkalia, program, words):
    done = arkalia("plan", "luna", *words)

    assert done.exit_code == 2
    assert "luna is named" in done.stderr
    assert not program.with_suffix(".called").exists()


def test_without_the_operators_program_it_says_what_to_install(arkalia, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    done = arkalia("plan", "-f", "system.yaml")

    assert done.exit_code == 4
    assert "arkalia-operator is not installed here" in done.stderr
    assert "`uv tool install ./operator`" in done.stderr
    assert done.stdout == ""
