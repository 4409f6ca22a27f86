"""Revisions: which steps lead where, and what a line of them must say."""

from importlib.metadata import version
from pathlib import Path

import pytest

from arkalia_runtime.migrations import revisions
from arkalia_runtime.migrations.errors import MigrationError, WrongSettingError
from unit.arkalia_runtime.migrations.module import COLUMN, TABLE, write

WORKLOADS = Path(__file__).parents[4] / "workloads"
MODULES = sorted(path.parent.name for path in WORKLOADS.glob("*/module.yaml"))


@pytest.mark.parametrize(
    ("text", "numbers"), [("0.1.0", (0, 1, 0)), ("1.20.3-rc.1", (1, 20, 3)), ("2.0.0+x", (2, 0, 0))]
)
def test_version_is_read_as_numbers(text, numbers):
    assert revisions.version_of(text) == numbers


@pytest.mark.parametrize("text", ["", "1.2", "latest", "v1.2.3"])
def test_text_that_is_no_version_is_refused(text):
    with pytest.raises(WrongSettingError, match="no version"):
        revisions.version_of(text)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_the_events_ground_and_may_have_more(module):
    names = [step.revision.revision for step in revisions.forward(revisions.scripts_of(module), ())]

    assert "events_0001" in names
    assert names == list(dict.fromkeys(names))


@pytest.mark.parametrize("module", MODULES)
def test_every_revision_belongs_to_a_version_up_to_this_one(module):
    newest = revisions.version_of(version("arkalia-runtime"))
    scripts = revisions.scripts_of(module)

    for script in scripts.walk_revisions():
        assert revisions.version_of(script.module.version) <= newest
    assert revisions.back(scripts, scripts.get_heads(), newest) == []


def test_module_that_is_not_here_is_named():
    with pytest.raises(WrongSettingError, match="arkalia_elsewhere"):
        revisions.scripts_of("elsewhere")


def test_line_that_goes_back_in_versions_cannot_be_undone(tmp_path):
    scripts = revisions.scripts_in([write(tmp_path, COLUMN, TABLE)])

    with pytest.raises(MigrationError, match="earlier version"):
        revisions.back(scripts, ["facts_0001"], (0, 0, 1))


def test_revision_without_a_version_is_named(tmp_path):
    folder = write(tmp_path, TABLE)
    file = folder / "facts_0001.py"
    file.write_text(file.read_text().replace('version = "0.1.0"', ""))

    with pytest.raises(MigrationError, match=r"facts_0001\.py does not say"):
        revisions.back(revisions.scripts_in([folder]), ["facts_0001"], (0, 0, 1))
