"""What several images have in common stands in each of their recipes, and is the same there."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(
    path
    for folder in ("operator", "workloads", "dev/arkalia_model")
    for path in (ROOT / folder).rglob("Containerfile")
)
WITH_PYTHON = [path for path in RECIPES if "library/python" in path.read_text("utf-8")]
ARGUMENT = re.compile(r"^ARG (\w+)=(\S+)$", re.MULTILINE)
ONE_USER = "USER 65532:65532"
PER_RECIPE = {"BASE"}


def stage(recipe, name):
    """The instructions of the stage *name*."""
    stages = re.split(r"^(?=FROM )", recipe.read_text("utf-8"), flags=re.MULTILINE)
    [found] = [each for each in stages if re.match(rf"FROM \S+ AS {name}\n", each)]
    return [line for line in found.splitlines() if line and not line.startswith("#")]


def test_argument_has_the_same_default_in_every_recipe():
    defaults = defaultdict(set)
    for recipe in RECIPES:
        for name, value in ARGUMENT.findall(recipe.read_text("utf-8")):
            defaults[name].add(value)

    assert len(RECIPES) == 7
    assert {name for name, values in defaults.items() if len(values) > 1} <= PER_RECIPE


@pytest.mark.parametrize("recipe", WITH_PYTHON, ids=lambda path: path.parent.name)
def test_image_holds_the_bytecode_of_pythons_own_library(recipe):
    [first, *_] = WITH_PYTHON

    assert stage(recipe, "python") == stage(first, "python")
    assert re.findall(r"^FROM (\S+)$", recipe.read_text("utf-8"), re.MULTILINE) == ["python"]


@pytest.mark.parametrize("name", ["tools", "dependencies"])
def test_stage_of_python_images_is_the_same(name):
    operator, service = ROOT / "operator/Containerfile", ROOT / "workloads/Containerfile"

    assert stage(operator, name) == stage(service, name)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.parent.name)
def test_image_runs_as_the_user_of_the_pods(recipe):
    assert ONE_USER in recipe.read_text("utf-8").splitlines()
