"""skaffold.yaml builds what there is and installs what the chart offers.

Skaffold itself cannot be had everywhere; what is checked here is what it would trip over.
"""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from arkalia_operator.api.resources import ArkaliaSystem

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = {
    each["metadata"]["name"]: each
    for each in yaml.safe_load_all((ROOT / "skaffold.yaml").read_text(encoding="utf-8"))
}
ARTIFACTS = {
    artifact["image"]: artifact
    for config in CONFIGS.values()
    for artifact in config["build"]["artifacts"]
}
MODULES = sorted(path.parent.name for path in ROOT.glob("workloads/*/module.yaml"))
DATA_SERVICES = {path.parent.name for path in ROOT.glob("workloads/*/Containerfile")}
RELEASE = CONFIGS["operator"]["deploy"]["helm"]["releases"][0]


def applied(kind):
    """The objects of *kind* that Skaffold applies itself."""
    files = CONFIGS["system"]["manifests"]["rawYaml"]
    found = [
        each for file in files for each in yaml.safe_load_all((ROOT / file).read_text("utf-8"))
    ]
    return [each for each in found if each["kind"] == kind]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_config_is_of_a_version_with_resource_selectors(config):
    assert re.fullmatch(r"skaffold/v4beta\d+", config["apiVersion"])
    assert config["kind"] == "Config"


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_tags_follow_the_contents(config):
    assert config["build"]["tagPolicy"] == {"inputDigest": {}}


def recipe(artifact):
    """The Containerfile, which Skaffold looks for below the context."""
    return ROOT / artifact["context"] / artifact["docker"]["dockerfile"]


def test_there_is_an_image_for_the_operator_and_for_each_module_and_data_service():
    assert ARTIFACTS.keys() == {"arkalia-operator", *MODULES, *DATA_SERVICES}


@pytest.mark.parametrize("artifact", ARTIFACTS.values(), ids=ARTIFACTS)
def test_recipe_of_the_image_exists(artifact):
    assert recipe(artifact).is_file()


@pytest.mark.parametrize("artifact", ARTIFACTS.values(), ids=ARTIFACTS)
def test_recipe_takes_every_build_argument(artifact):
    text = recipe(artifact).read_text(encoding="utf-8")
    taken = set(re.findall(r"^ARG (\w+)", text, re.MULTILINE))

    assert artifact["docker"].get("buildArgs", {}).keys() <= taken


@pytest.mark.parametrize("module", MODULES)
def test_image_of_a_module_holds_this_module(module):
    docker = ARTIFACTS[module]["docker"]

    assert docker == {
        "dockerfile": "workloads/Containerfile",
        "buildArgs": {"SERVICE": module},
    }


def test_chart_takes_every_value_and_runs_the_image_that_was_built():
    given = RELEASE["setValues"] | {
        key: re.sub(r"\{\{\.IMAGE_(REPO|TAG)_arkalia_operator\}\}", r"built-\1", value)
        for key, value in RELEASE["setValueTemplates"].items()
    }
    options = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]

    answer = subprocess.run(
        ["helm", "template", RELEASE["name"], str(ROOT / RELEASE["chartPath"]), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert "image: built-REPO:built-TAG\n" in answer.stdout


def test_system_comes_after_the_crds():
    assert CONFIGS["system"]["requires"] == [{"configs": ["operator"]}]
    assert "wait" in RELEASE


def test_system_runs_the_image_of_each_module_that_was_built():
    system = applied("ArkaliaSystem")[0]
    images = {
        (name, container["name"], container["image"])
        for name, settings in system["spec"]["modules"].items()
        for container in settings["podTemplate"]["spec"]["containers"]
    }

    assert images == {(module, module, module) for module in MODULES}
    assert ArkaliaSystem.from_body(
        system | {"metadata": system["metadata"] | {"uid": "", "generation": 1}}
    )


def test_images_in_a_system_are_replaced():
    allowed = CONFIGS["system"]["resourceSelector"]["allow"]

    assert {"groupKind": "ArkaliaSystem.arkalia.io", "image": [".*"]} in allowed


def test_namespace_of_the_system_is_made_first():
    names = [each["metadata"]["name"] for each in applied("Namespace")]

    assert [each["metadata"]["namespace"] for each in applied("ArkaliaSystem")] == names
