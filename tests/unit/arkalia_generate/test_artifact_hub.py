"""What Artifact Hub shows of a chart, at the end of its Chart.yaml."""

import shutil
from pathlib import Path

import pytest
import yaml

from arkalia_generate.artifact_hub import EXAMPLES, MARK, MarkError, images, texts

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path):
    """The charts, the examples, and one module: `storm`; `tide` is an image without Python."""
    shutil.copytree(ROOT / "charts", tmp_path / "charts")
    for path in EXAMPLES:
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for folder in ("storm", "tide"):
        (tmp_path / "workloads" / folder).mkdir(parents=True)
    module = {"spec": {"image": {"repository": "storm"}}}
    (tmp_path / "workloads/storm/module.yaml").write_text(yaml.safe_dump(module), "utf-8")
    (tmp_path / "workloads/tide/Containerfile").touch()
    return tmp_path


def annotations(text):
    return yaml.safe_load(text)["annotations"]


def test_images_are_the_operator_the_modules_and_the_data_services(checkout):
    registry = "ghcr.io/arkalia-luna-system"

    assert images(checkout, "1.2.3") == [
        {"name": name, "image": f"{registry}/{name}:1.2.3"}
        for name in ("operator", "storm", "tide")
    ]


def test_chart_of_definitions_shows_no_images(checkout):
    written = texts(checkout)

    assert "artifacthub.io/images" in annotations(written["charts/arkalia/Chart.yaml"])
    assert "artifacthub.io/images" not in annotations(written["charts/arkalia-crds/Chart.yaml"])


def test_what_was_written_by_hand_stays_and_what_was_generated_is_replaced(checkout):
    chart = checkout / "charts/arkalia/Chart.yaml"
    before = chart.read_text("utf-8")
    chart.write_text(before + "  artifacthub.io/crds: old\n", "utf-8")

    written = texts(checkout)["charts/arkalia/Chart.yaml"]

    assert written.startswith(before.partition(MARK)[0])
    assert yaml.safe_load(annotations(written)["artifacthub.io/crds"])[0]["kind"] == "ArkaliaSystem"


@pytest.mark.parametrize("left_out", [MARK, "appVersion"])
def test_chart_without_a_place_for_it_is_named(checkout, left_out):
    chart = checkout / "charts/arkalia/Chart.yaml"
    chart.write_text(chart.read_text("utf-8").replace(left_out, ""), "utf-8")

    with pytest.raises(MarkError, match=r"^charts/arkalia/Chart\.yaml: write appVersion in quotes"):
        texts(checkout)
