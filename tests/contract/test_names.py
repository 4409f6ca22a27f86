"""One name, everywhere: what belongs together can be found by its name alone.

Each test compares two lists that nobody keeps in step by hand: small, quick, merciless.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest
import yaml

from arkalia_cli import system
from arkalia_cli.cluster import operators
from arkalia_cli.views import events
from arkalia_generate.catalogue_pages import GROUND, PURPOSES
from arkalia_operator import settings
from arkalia_operator.api.first_status import NOT_LOOKED_AT
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import written_status
from arkalia_release.versions import parsed

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = ROOT / "operator" / "arkalia_operator"
MODULES = {
    path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("workloads/*/module.yaml"))
}
PACKAGES = {
    package.name: package
    for folder in ("operator", "cli", "workloads/*")
    for package in ROOT.glob(f"{folder}/arkalia_*")
    if package.is_dir()
}
SHIPPED = tuple(PACKAGES)
PACKAGES |= {
    "arkalia_answers": ROOT / "dev" / "arkalia_answers",
    "arkalia_dev": ROOT / "dev" / "arkalia_dev",
    "arkalia_generate": ROOT / "dev" / "arkalia_generate",
    "arkalia_model": ROOT / "dev" / "arkalia_model",
    "arkalia_prompts": ROOT / "dev" / "arkalia_prompts",
    "arkalia_site": ROOT / "dev" / "arkalia_site",
    "arkalia_release": ROOT / "dev" / "arkalia_release",
    "cluster": ROOT / "tests" / "cluster",
    "edge": ROOT / "workloads" / "edge",
}
SEVERAL_MEANINGS = {
    "arkalia_operator": {"Credentials", "Probes", "Seen", "Server", "Step"},
    "arkalia_runtime": {"Measures"},
    "arkalia_helloria": {"Measures"},
    "arkalia_assistantia": {"Measures", "Said"},
}
"""Names of classes that a package uses twice."""
UNIT_TESTS = sorted((ROOT / "tests" / "unit").rglob("test_*.py"))
PORTS = {
    "helloria": 8000,
    "zeroia": 8001,
    "reflexia": 8002,
    "sandozia": 8003,
    "cognitive-reactor": 8004,
    "assistantia": 8005,
    "nyxalia": 8006,
    "taskia": 8007,
    "globalstate": 8008,
    "security": 8009,
}
"""Port of each module, as clients know it: a module keeps its port for ever."""
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def monitoring_folders():
    return {path.name for path in (ROOT / "manifests" / "monitoring").iterdir() if path.is_dir()}


def subject_candidates(test):
    """Modules that a test file may be named after: `test_plan_of_a_scaled_module` → `plan`."""
    words = test.stem.removeprefix("test_").split("_")
    return {"_".join(words[:end]) for end in range(1, len(words) + 1)}


@pytest.mark.parametrize("module", MODULES)
def test_module_description_carries_the_name_of_its_folder(module):
    assert MODULES[module]["metadata"]["name"] == module


@pytest.mark.parametrize("module", MODULES)
def test_image_of_the_module_carries_its_name(module):
    assert MODULES[module]["spec"]["image"]["repository"].split("/")[-1] == module


@pytest.mark.parametrize("module", MODULES)
def test_module_serves_on_the_port_that_was_given_to_it(module):
    [main] = [each for each in MODULES[module]["spec"]["components"] if each["name"] == "main"]

    assert main["port"] == PORTS[module]


@pytest.mark.parametrize("module", MODULES)
def test_module_that_has_nothing_but_the_ground_publishes_and_tells_nothing(module):
    spec = MODULES[module]["spec"]
    has = bool(spec.get("routes") or spec.get("events", {}).get("emits"))

    assert not (has and PURPOSES[module][1] == GROUND)


def test_every_service_has_a_description():
    services = {path.parent.name for path in ROOT.glob("workloads/*/pyproject.toml")}

    assert services - {"contract", "runtime"} == set(MODULES)


def test_monitoring_folders_are_the_operator_the_edge_and_the_modules():
    assert monitoring_folders() == {"operator", "edge", *MODULES}


def test_catalogue_has_a_copy_of_every_module():
    version = (ROOT / "operator" / "arkalia_operator" / "catalogue").glob("[0-9]*")
    newest = max(version, key=lambda path: parsed(path.name).order)

    assert {path.stem for path in newest.glob("*.yaml")} == set(MODULES)


@pytest.mark.parametrize("test", UNIT_TESTS, ids=lambda test: str(test.relative_to(ROOT)))
def test_unit_test_lies_where_its_subject_lies(test):
    package, *folders = test.relative_to(ROOT / "tests" / "unit").parent.parts
    home = PACKAGES[package].joinpath(*folders)
    modules = {path.stem.strip("_") for path in (*home.glob("*.py"), *home.glob("*/"))}

    assert subject_candidates(test) & (modules | {package.removeprefix("arkalia_"), home.name})


@pytest.mark.parametrize("package", PACKAGES)
def test_package_has_no_module_that_nobody_can_guess(package):
    stems = {path.stem for path in PACKAGES[package].rglob("*.py")}

    assert stems & FORBIDDEN == set()


def public_classes(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [each.name for each in body if isinstance(each, ast.ClassDef) and each.name[0] != "_"]


@pytest.mark.parametrize("package", SHIPPED)
def test_class_has_a_name_that_means_nothing_else_in_its_package(package):
    found = Counter(
        name for path in PACKAGES[package].rglob("*.py") for name in public_classes(path)
    )

    several = {name for name, homes in found.items() if homes > 1}
    assert several == SEVERAL_MEANINGS.get(package, set())


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (operators.NAMESPACES, "watch_namespaces"),
        (operators.SELECTOR, "system_selector"),
        (settings.IMAGE_REGISTRY, "image_registry"),
    ],
)
def test_setting_that_is_read_of_a_deployment_is_one_of_the_operator(name, field):
    assert name in {settings.variable(each) for each in settings.Settings.model_fields}
    assert name == f"ARKALIA_OPERATOR_{field.upper()}"


def test_reasons_that_the_command_line_looks_for_are_the_operator_s():
    assert events.DROPPED == Reason.EVENTS_LEFT_OUT
    assert system.NOT_LOOKED_AT == Reason.NOT_LOOKED_AT


@pytest.mark.parametrize(
    ("status", "written"),
    [
        (NOT_LOOKED_AT, False),
        ({"conditions": [{**NOT_LOOKED_AT["conditions"][0], "reason": "OperatorFailed"}]}, True),
        ({"conditions": [*NOT_LOOKED_AT["conditions"], {"type": "DataReady"}]}, True),
    ],
    ids=["filled in", "without a generation", "more than what is filled in"],
)
def test_operator_and_command_line_tell_a_written_status_by_the_same(status, written):
    body = {"metadata": {"name": "luna", "namespace": "arkalia"}, "status": status}

    assert bool(written_status(body)) is written
    assert bool(system.System.from_body(body).conditions) is written
