"""The verbs of a release, on a copy of what states versions and tells of changes."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from arkalia_release import versions
from arkalia_release.cli import STEPS, main

ROOT = Path(__file__).resolve().parents[3]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n"


def git(root, *words):
    subprocess.run(
        ["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.fixture
def checkout(tmp_path):
    """A repository that states 0.1.0 everywhere and has one change to tell of."""
    for path in versions.stated(ROOT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    versions.stamp(tmp_path, versions.parsed("0.1.0"))
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--allow-empty", "--message", "Begin.")
    return tmp_path


def test_release_is_prepared_checked_and_told(checkout, capsys):
    assert main(["prepare", "0.2.0"], checkout) == 0
    assert "git tag --annotate v0.2.0" in capsys.readouterr().out

    assert main(["check", "v0.2.0"], checkout) == 0
    assert json.loads(capsys.readouterr().out) == {"version": "0.2.0", "prerelease": False}

    assert main(["notes", "0.2.0"], checkout) == 0
    assert capsys.readouterr().out == "### Added\n\n- A thing.\n"


def test_page_and_command_name_the_same_steps_in_the_same_order(checkout, capsys):
    main(["prepare", "0.2.0"], checkout)

    said = capsys.readouterr().out.split("Next:\n")[1].split("then commit")[0]
    page = (ROOT / "docs/how-to/release.md").read_text(encoding="utf-8")
    block = page.split("arkalia_release prepare 0.2.0\n")[1].split("```")[0]
    told = [each.strip() for each in block.splitlines() if each.strip()]
    assert told == list(STEPS)
    assert [each.strip() for each in said.splitlines()] == told


def test_first_release_is_of_the_version_that_is_stated_already(checkout, capsys):
    assert main(["prepare", "0.1.0"], checkout) == 0
    assert main(["check", "v0.1.0"], checkout) == 0


def test_trial_is_told_as_one(checkout, capsys):
    main(["prepare", "0.2.0-rc.1"], checkout)
    capsys.readouterr()

    main(["check", "v0.2.0-rc.1"], checkout)

    assert json.loads(capsys.readouterr().out)["prerelease"] is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["prepare", "0.0.9"], "0.0.9 is earlier than 0.1.0"),
        (["prepare", "next"], "next is not a version"),
        (["check", "v0.2.0"], "the tag v0.2.0 is not v0.1.0"),
        (["check", "0.1.0"], "the tag 0.1.0 is not v0.1.0"),
        (["check", "v0.1.0"], "says nothing under [0.1.0]"),
        (["notes", "0.1.0"], "says nothing under [0.1.0]"),
        (["free", "nowhere"], "nowhere names no tag"),
    ],
)
def test_mistake_is_told_and_nothing_changes(checkout, capsys, words, told):
    before = versions.stated(checkout)

    assert main(words, checkout) == 1

    assert told in capsys.readouterr().err
    assert versions.stated(checkout) == before
    assert (checkout / "CHANGELOG.md").read_text("utf-8") == CHANGELOG


def test_version_that_is_a_tag_is_not_prepared_again(checkout, capsys):
    git(checkout, "tag", "v0.2.0")

    assert main(["prepare", "0.2.0"], checkout) == 1
    assert "v0.2.0 is a tag already" in capsys.readouterr().err


def test_images_are_those_that_the_recipes_build(capsys):
    main(["images"], ROOT)

    images = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    modules = {path.parent.name for path in ROOT.glob("workloads/*/module.yaml")}
    assert images.keys() == {"operator", "edge", "model-keeper", "postgresql", "redis", *modules}
    for each in images.values():
        assert (ROOT / each["file"]).is_file()
        assert (ROOT / each["context"]).is_dir()
    assert images["zeroia"]["arguments"] == "SERVICE=zeroia"
