import subprocess
import sys

from arkalia_operator.settings import Settings


def operator(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "arkalia_operator", *arguments],
        env={"PATH": "", "HOME": "/nowhere", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_command_prints_its_version():
    found = operator("version")

    assert (found.returncode, found.stdout.strip()) == (0, "0.1.0")


def test_the_command_explains_every_setting_when_it_is_asked_for_help():
    told = operator("--help").stdout

    assert "ARKALIA_OPERATOR_WORKERS=8\n      Systems that are reconciled at the same time." in told
    assert {f"ARKALIA_OPERATOR_{name.upper()}=" in told for name in Settings.model_fields} == {True}


def test_the_command_refuses_a_setting_that_it_cannot_use():
    found = operator("run", ARKALIA_OPERATOR_WORKERS="many")

    assert found.returncode == 78
    assert "ARKALIA_OPERATOR_WORKERS='many'" in found.stderr
    assert "Traceback" not in found.stderr


def test_the_command_says_how_to_reach_a_cluster_when_it_has_no_credentials():
    found = operator()

    assert found.returncode == 1
    assert "set KUBECONFIG" in found.stderr
    assert "Traceback" not in found.stderr
