"""Versions after SemVer, and the places that state them."""

import shutil
from pathlib import Path

import pytest

from arkalia_release import versions
from arkalia_release.errors import ReleaseError

ROOT = Path(__file__).resolve().parents[3]
ORDERED = ("0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2",
           "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0")  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    """Every file of this checkout that states the version, and nothing else."""
    for path in versions.stated(ROOT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.mark.parametrize("text", ["1", "1.2", "01.2.3", "1.2.3-", "1.2.3+build", "latest", "v", ""])
def test_text_that_is_no_version_is_refused_with_an_example(text):
    with pytest.raises(ReleaseError, match=r"is not a version: write three numbers"):
        versions.parsed(text)


@pytest.mark.parametrize("text", ORDERED)
def test_version_is_written_as_it_was_read_with_and_without_the_v_of_a_tag(text):
    assert str(versions.parsed(text)) == str(versions.parsed(f"v{text}")) == text


def test_versions_follow_each_other_in_the_order_of_semver():
    parsed = [versions.parsed(text) for text in ORDERED]

    for place, version in enumerate(parsed):
        assert [version.follows(other) for other in parsed] == [
            other < place for other in range(len(parsed))
        ]


def test_this_checkout_states_one_version_everywhere():
    assert versions.stated(ROOT).keys() >= {"pyproject.toml", "charts/arkalia/Chart.yaml"}
    assert versions.present(ROOT)


def test_new_version_is_stated_everywhere_and_nothing_else_changes(checkout):
    old = str(versions.present(checkout))
    before = {path: (checkout / path).read_text("utf-8") for path in versions.stated(checkout)}

    changed = versions.stamp(checkout, versions.parsed("7.8.9-rc.1"))

    assert sorted(changed) == sorted(before)
    assert str(versions.present(checkout)) == "7.8.9-rc.1"
    for path, text in before.items():
        assert (checkout / path).read_text("utf-8").replace("7.8.9-rc.1", old) == text


def test_place_that_states_another_version_is_named(checkout):
    chart = checkout / "charts/arkalia/Chart.yaml"
    chart.write_text(chart.read_text("utf-8").replace("\nversion: ", "\nversion: 9"), "utf-8")

    with pytest.raises(ReleaseError, match=r"charts/arkalia/Chart\.yaml: 0.*, 9"):
        versions.present(checkout)


def test_place_that_states_none_is_named(checkout):
    (checkout / "cli/pyproject.toml").write_text("[project]\n", "utf-8")

    with pytest.raises(ReleaseError, match=r"no version is stated in cli/pyproject\.toml"):
        versions.present(checkout)
