"""`arkalia-migrate` as the Job runs it: a process with variables and files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arkalia_runtime.migrations.command import main
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = '{}' ORDER BY 1"
GROUND = [("migrations",), ("outbox",), ("outbox_head",), ("parked_events",), ("positions",)]


@pytest.fixture
def environment(mounts, schema):
    mount(mounts.data, postgresql_json=schema.migrations_file())
    return mounts.environment | {
        "ARKALIA_MODULE": "helloria",
        "ARKALIA_VERSION": "0.1.0",
        "ARKALIA_MIGRATION_WAIT_SECONDS": "1",
    }


def migrate(environment, *words):
    return subprocess.run(
        [Path(sys.executable).with_name("arkalia-migrate"), *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def called(monkeypatch, environment, *words):
    """The same in this process; returns the exit code."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        main(words)
    except SystemExit as end:
        return end.code
    return 0


def test_forward_and_back_end_with_what_was_done(environment, schema):
    forward = migrate(environment, "forward")
    again = migrate(environment, "forward")
    tables = schema.rows(TABLES.format(schema.name))
    back = migrate(environment | {"ARKALIA_TARGET_VERSION": "0.0.1"}, "back")

    assert (forward.returncode, again.returncode, back.returncode) == (0, 0, 0)
    assert forward.stdout.splitlines()[-1] == "arkalia-migrate forward: events_0001"
    assert again.stdout.splitlines()[-1] == "arkalia-migrate forward: nothing to do"
    assert back.stdout.splitlines()[-1] == "arkalia-migrate back: events_0001"
    assert tables == GROUND
    assert schema.rows(TABLES.format(schema.name)) == [("migrations",)]


def test_settings_that_only_the_service_knows_do_not_stop_it(environment, mounts, monkeypatch):
    file = mounts.root / "settings.toml"
    file.write_text('most_states = 5\nlog_level = "ERROR"\n')
    environment["ARKALIA_SETTINGS_FILE"] = str(file)

    assert called(monkeypatch, environment, "forward") == 0


CONFIG, LATER, USAGE = os.EX_CONFIG, os.EX_TEMPFAIL, 2
FAILURES = {
    "ARKALIA_MODULE is not set": ({"ARKALIA_MODULE": ""}, "forward", CONFIG),
    "no package arkalia_nobody": ({"ARKALIA_MODULE": "nobody"}, "forward", CONFIG),
    "ARKALIA_TARGET_VERSION is not set": ({}, "back", CONFIG),
    "'x' is no version": ({"ARKALIA_TARGET_VERSION": "x"}, "back", CONFIG),
    "ARKALIA_LOG_LEVEL is 'LOUD'": ({"ARKALIA_LOG_LEVEL": "LOUD"}, "forward", CONFIG),
    "/nowhere/postgresql.json": ({"ARKALIA_DATA_FOLDER": "/nowhere"}, "forward", LATER),
    "invalid choice": ({}, "sideways", USAGE),
}


@pytest.mark.parametrize("sentence", FAILURES)
def test_failure_ends_with_one_sentence_and_a_code(environment, monkeypatch, capsys, sentence):
    change, way, code = FAILURES[sentence]

    assert called(monkeypatch, environment | change, way) == code
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_step_that_fails_is_the_last_word(environment, schema, monkeypatch, capsys):
    schema.rows("CREATE TABLE outbox ()")

    assert called(monkeypatch, environment, "forward") == os.EX_SOFTWARE
    assert "did nothing" in capsys.readouterr().err
    assert schema.rows(TABLES.format(schema.name)) == [("outbox",)]
