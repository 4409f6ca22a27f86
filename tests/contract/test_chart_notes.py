"""The commands in the chart's notes run as they are printed, and speak of where the system is.

A shell runs all of them. Programs in the places of kubectl and base64 write down how they are called.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from arkalia_dev.development import Development

ROOT = Path(__file__).resolve().parents[2]
RECORDER = """#!{python}
import json, sys
stdin = "" if sys.stdin.isatty() else sys.stdin.read()
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([sys.argv[1:], stdin]) + "\\n")
print("apiVersion: v1\\nkind: Namespace" if "--dry-run=client" in sys.argv else "")
"""
EXAMPLE = yaml.safe_load((ROOT / "docs/examples/empty/system.yaml").read_text("utf-8"))
SECONDS = 60
NAMESPACED = re.compile(r"--namespace (\S+)")


def notes(namespace, *settings):
    words = [each for setting in settings for each in ("--set", setting)]
    where = ("--namespace", namespace, "--dry-run=client")
    program = str(Development().binaries.program("helm"))
    done = subprocess.run(
        [program, "install", "arkalia", str(ROOT / "charts/arkalia"), *where, *words],
        capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    return done.stdout.partition("\nNOTES:\n")[2]


def script(text):
    """What a reader copies: the lines that are set in, and what belongs to them."""
    return "".join(
        f"{each}\n"
        for each in re.findall(r"^ {5}\S.*?(?:<<'YAML'\n(?:.*\n)*?YAML$|$)", text, re.MULTILINE)
    )


@pytest.fixture
def called(tmp_path):
    """How the programs of a script are called, and what they are given to read."""

    def run(text):
        calls = tmp_path / "calls"
        recorder = RECORDER.format(python=sys.executable, calls=str(calls))
        for name in ("kubectl", "base64"):
            (tmp_path / name).write_text(recorder, encoding="utf-8")
            (tmp_path / name).chmod(0o755)
        done = subprocess.run(
            ["bash", "-eu", "-c", text], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False, timeout=SECONDS,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(each) for each in calls.read_text("utf-8").splitlines()]

    return run


@pytest.mark.parametrize(
    ("namespace", "settings", "place", "labels"),
    [
        ("arkalia-system", (), "arkalia", None),
        ("arkalia", (), "arkalia", None),
        ("arkalia-system", ("watchNamespaces={team-a,team-b}",), "team-a", None),
        ("ops", (r"systemSelector=tier=gold\,zone==7",), "arkalia", {"tier": "gold", "zone": "7"}),
        ("ops", (r"systemSelector=tier in (gold\, silver)",), "arkalia", None),
        ("ops", ("namespaceOverride=elsewhere", "crds.enabled=false"), "arkalia", None),
    ],
)
def test_commands_run_as_printed_where_the_system_is(called, namespace, settings, place, labels):
    text = notes(namespace, *settings)

    calls = called(script(text))

    applied = [yaml.safe_load(stdin) for words, stdin in calls if words[0] == "apply"]
    [system] = [each for each in applied if each["kind"] == "ArkaliaSystem"]
    assert {**system, "metadata": None} == {**EXAMPLE, "metadata": None}
    assert system["metadata"] == {"name": EXAMPLE["metadata"]["name"], "namespace": place} | (
        {"labels": labels} if labels else {}
    )
    assert set(NAMESPACED.findall(script(text))) == {operator_of(namespace, settings), place}
    made = [words[2] for words, _ in calls if words[:2] == ["create", "namespace"]]
    assert made == ([place] if place == "arkalia" and place != namespace else [])


def operator_of(namespace, settings):
    return "elsewhere" if "namespaceOverride=elsewhere" in settings else namespace
