"""`arkalia plan` from the command to the exit code."""

import stat

import pytest

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


def test_file_is_asked_of_the_operators_program(arkalia, program):
    done = arkalia(
        "plan", "-f", "system.yaml", "-n", "moon", "--kubeconfig", "config", "-o", "json"
    )

    called = program.with_suffix(".called").read_text(encoding="utf-8").splitlines()
    assert done.exit_code == 2
    assert called == [
        "plan", "--namespace", "moon", "--file", "system.yaml", "--against", "cluster",
        "--output", "json", "config",
    ]  # fmt: skip


def test_upgrade_is_asked_of_the_operators_program(arkalia, program):
    arkalia("plan", "--upgrade", "--against", "snapshot.json")

    called = program.with_suffix(".called").read_text(encoding="utf-8").splitlines()
    assert called[:6] == ["plan", "--upgrade", "--against", "snapshot.json", "--output", "text"]


def test_without_the_operators_program_it_says_what_to_install(arkalia, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    done = arkalia("plan", "-f", "system.yaml")

    assert done.exit_code == 4
    assert "arkalia-operator is not installed here" in done.stderr
    assert done.stdout == ""
