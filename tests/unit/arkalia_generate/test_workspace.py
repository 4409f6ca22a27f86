"""The lists of members and modules that other tools want."""

import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from arkalia_generate.workspace import MarkError, members, texts

ROOT = Path(__file__).resolve().parents[3]
LISTS = ("pyproject.toml", "skaffold.yaml", "dev/skaffold/system.yaml")


@pytest.fixture
def checkout(tmp_path):
    """The files with the lists as they are, and one member and module: `storm-glass`.

    `tide` is an image without Python.
    """
    (tmp_path / "dev/skaffold").mkdir(parents=True)
    for path in LISTS:
        shutil.copy(ROOT / path, tmp_path / path)
    for folder in ("runtime", "contract", "storm-glass"):
        (tmp_path / "workloads" / folder).mkdir(parents=True)
        (tmp_path / "workloads" / folder / "pyproject.toml").touch()
    (tmp_path / "workloads/storm-glass/module.yaml").touch()
    (tmp_path / "workloads/tide").mkdir()
    (tmp_path / "workloads/tide/Containerfile").touch()
    return tmp_path


def test_members_are_folders_with_a_project_and_libraries_come_first(checkout):
    (checkout / "workloads/database").mkdir()

    assert members(checkout) == ["contract", "runtime", "storm-glass"]


def test_new_member_gets_into_every_list_of_the_project(checkout):
    written = tomllib.loads(texts(checkout)["pyproject.toml"])

    tools = written["tool"]
    assert "arkalia-storm-glass" in written["project"]["dependencies"]
    assert tools["uv"]["sources"]["arkalia-storm-glass"] == {"workspace": True}
    assert "workloads/storm-glass" in tools["mypy"]["mypy_path"]
    assert "arkalia_storm_glass" in tools["mypy"]["packages"]
    assert "arkalia_storm_glass" in tools["importlinter"]["root_packages"]


def test_image_without_python_is_no_member(checkout):
    written = tomllib.loads(texts(checkout)["pyproject.toml"])

    assert written["tool"]["uv"]["workspace"]["exclude"] == ["workloads/tide"]
    assert "tide" not in members(checkout)


def test_services_stand_side_by_side_so_that_none_imports_another(checkout):
    contracts = tomllib.loads(texts(checkout)["pyproject.toml"])["tool"]["importlinter"]

    [layers] = [
        each["layers"] for each in contracts["contracts"] if each["name"].startswith("Serv")
    ]

    assert layers[0] == "arkalia_operator | arkalia_cli | arkalia_storm_glass"


def test_skaffold_builds_and_runs_the_modules_that_there_are(checkout):
    written = texts(checkout)

    _, system = yaml.safe_load_all(written["skaffold.yaml"])
    _, applied = yaml.safe_load_all(written["dev/skaffold/system.yaml"])
    assert [each["image"] for each in system["build"]["artifacts"]] == ["storm-glass", "tide"]
    assert list(applied["spec"]["modules"]) == ["storm-glass"]


def test_what_was_written_is_written_again_without_a_change(checkout):
    first = texts(checkout)
    for path, text in first.items():
        (checkout / path).write_text(text)

    assert texts(checkout) == first


def test_file_without_a_place_for_its_list_is_refused(checkout):
    (checkout / "pyproject.toml").write_text("[project]\n")

    with pytest.raises(MarkError, match="no place"):
        texts(checkout)
