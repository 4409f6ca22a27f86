"""A module whose revisions the test writes, and its schema."""

from functools import partial

import pytest

from arkalia_runtime import access
from arkalia_runtime.migrations import revisions
from arkalia_runtime.migrations.command import MigrationSettings
from arkalia_runtime.migrations.server import Schema
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.migrations.module import write


@pytest.fixture
def migration_settings(mounts, schema):
    mount(mounts.data, postgresql_json=schema.migrations_file())
    return MigrationSettings(**mounts.settings)


@pytest.fixture
def moved(migration_settings, tmp_path, monkeypatch):
    """Moves the schema with the steps that it is given; back if it is given a version."""

    monkeypatch.setattr("arkalia_runtime.migrations.server.PAUSE_SECONDS", 0.1)

    def move(*steps, back_to=None, wait_seconds=20):
        folder = tmp_path / f"migrations-{len(list(tmp_path.iterdir()))}"
        scripts = revisions.scripts_in([write(folder, *steps)])
        choose = (
            partial(revisions.back, scripts, target=revisions.version_of(back_to))
            if back_to
            else partial(revisions.forward, scripts)
        )
        server = Schema(migration_settings, access.postgresql(migration_settings), wait_seconds)
        return server.move(scripts, choose)

    return move
