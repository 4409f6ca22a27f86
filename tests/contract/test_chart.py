"""The charts agree with the operator, with their own documents, and with Kubernetes' schemas.

What each template makes of each value is tested beside it, in charts/<chart>/tests.
"""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest
import yaml

import kubernetes_schemas
from arkalia_operator.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
CHARTS = sorted(path.parent for path in ROOT.glob("charts/*/Chart.yaml"))
CHART = ROOT / "charts/arkalia"
CRD_CHART = ROOT / "charts/arkalia-crds"
SCENARIOS = sorted(CHART.glob("ci/*-values.yaml"))
SCENARIOS_OF_ALL = sorted(ROOT.glob("charts/*/ci/*-values.yaml"))
TEMPLATES = sorted(CHART.glob("templates/**/*.*"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
META = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
OFFERED = re.compile(r"\.Values\.([A-Za-z]+(?:\.[A-Za-z]+)*)")

POD_KINDS = ("Deployment", "Pod")
EVERYTHING_ON = {
    "serviceMonitor": {"enabled": True, "renderMode": "alwaysRender"},
    "prometheusRule": {"enabled": True, "renderMode": "alwaysRender"},
    "dashboard": {"enabled": True},
    "networkPolicy": {"restrictEgress": True},
    "podDisruptionBudget": {"enabled": True},
    "workloadImages": {"registry": "images.example.com"},
}
STRINGS_WITH_A_FORM = {
    "image.digest": "sha256:" + "0" * 64,
    "prometheusRule.runbookUrlPrefix": "https://runbooks.example.com",
    "prometheusRule.disabledAlerts": ["ArkaliaOperatorDown"],
    "podDisruptionBudget.minAvailable": "50%",
}


def attempt(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, **options
    )


def run(*command, **options):
    answer = attempt(*command, **options)
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return answer.stdout


HELM_TEMPLATE = ("helm", "template", "arkalia", str(CHART), "--namespace", "arkalia-system")


def rendered(*options, values=None):
    """What the chart renders to, as text."""
    return run(*HELM_TEMPLATE, "--values", "-", *options, input=json.dumps(values or {}))


def documents(text):
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


def pod_specs(text):
    """The pods of Deployments first, then the pods themselves."""
    all_of = {kind: [e for e in documents(text) if e["kind"] == kind] for kind in POD_KINDS}
    templates = [each["spec"]["template"]["spec"] for each in all_of["Deployment"]]
    return [*templates, *(each["spec"] for each in all_of["Pod"])]


def leaves(values, path=()):
    """Each value that somebody may set, with its path; an empty map is a value."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield ".".join((*path, key)), value


def nested(path, value):
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


def laid_over(lower, upper):
    both = lower.keys() & upper.keys()
    merged = {
        key: laid_over(lower[key], upper[key]) for key in both if isinstance(lower[key], dict)
    }
    return lower | upper | merged


def schema_of(path):
    found = SCHEMA
    for key in path.split("."):
        found = found["properties"][key]
    return found


def another(path, value):
    """A valid value that differs from the default."""
    schema = schema_of(path)
    if path in STRINGS_WITH_A_FORM:
        return STRINGS_WITH_A_FORM[path]
    if "enum" in schema:
        return next(each for each in schema["enum"] if each != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1 if isinstance(value, int) else value / 2
    if isinstance(value, dict):
        return {"example": "other"}
    return another_list(schema) if isinstance(value, list) else "other"


def another_list(schema):
    types = schema["items"]["type"]
    if types == "integer":
        return [1]
    return [{"name": "other"}] if types == "object" else ["other"]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    kinds = {each["kind"] for path in SCENARIOS_OF_ALL for each in documents(of_scenario(path))}
    return kubernetes_schemas.write(tmp_path_factory.mktemp("schemas"), kinds)


def of_scenario(path):
    chart = path.parents[1]
    where = ("--namespace", "arkalia-system", "--values", str(path))
    return run("helm", "template", "arkalia", str(chart), *where)


@pytest.fixture(scope="module")
def operator():
    """The operator's container as the chart renders it by default."""
    return pod_specs(rendered())[0]["containers"][0]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_readme_is_what_its_template_and_the_values_say(chart):
    written = run("helm-docs", "--chart-search-root", chart, "--dry-run", "--log-level", "error")

    assert written.strip() == (chart / "README.md").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("path", SCENARIOS_OF_ALL, ids=lambda p: f"{p.parents[1].name}-{p.stem}")
def test_scenario_fits_the_schemas_of_kubernetes(path, schemas):
    run("kubeconform", "-strict", "-schema-location", schemas, "-", input=of_scenario(path))


def test_operator_without_rights_in_the_whole_cluster_brings_what_has_a_namespace():
    found = documents(of_scenario(CHART / "ci/namespaced-values.yaml"))

    outside = [each["kind"] for each in found if "namespace" not in each["metadata"]]
    assert found != []
    assert outside == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_pod_of_a_scenario_is_restricted(path):
    pods = pod_specs(of_scenario(path))

    assert pods != []
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert {key for each in pod.get("volumes", []) for key in each} <= {"name", "emptyDir"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_every_value_changes_what_is_rendered():
    base = laid_over(VALUES, EVERYTHING_ON)
    usual = rendered(values=base)

    def is_used(leaf):
        path, value = leaf
        changed = laid_over(base, nested(path, another(path, value)))
        answer = attempt(*HELM_TEMPLATE, "--values", "-", input=json.dumps(changed))
        assert "specifications of the schema" not in answer.stderr, answer.stderr
        # A template that refuses the value has read it, too: its output is empty.
        return answer.stdout != usual

    with ThreadPoolExecutor(4) as pool:
        used = list(pool.map(is_used, leaves(base)))

    assert [path for (path, _), use in zip(leaves(base), used, strict=True) if not use] == []


@pytest.mark.parametrize(
    "changed", [{"keep": False}, {"annotations": {"a": "b"}}, {"commonLabels": {"a": "b"}}], ids=str
)
def test_every_value_of_the_definitions_changes_what_is_rendered(changed):
    def of_definitions(values):
        return run("helm", "template", "x", CRD_CHART, "--values", "-", input=json.dumps(values))

    described = json.loads((CRD_CHART / "values.schema.json").read_text("utf-8"))["properties"]
    assert described.keys() == {"global", "keep", "annotations", "commonLabels"}
    assert all(each["description"] for each in described.values())
    assert of_definitions(changed) != of_definitions({})


def test_every_value_that_a_template_reads_is_offered():
    read = {path for file in TEMPLATES for path in OFFERED.findall(file.read_text("utf-8"))}

    assert {path for path in read if not is_offered(path)} == set()


def is_offered(path):
    found = SCHEMA
    for key in path.split("."):
        found = found.get("properties", {}).get(key)
        if found is None:
            return False
    return True


def test_every_value_is_described():
    undescribed = [path for path, _ in leaves(VALUES) if not schema_of(path)["description"]]

    assert undescribed == []


def test_every_template_has_a_suite_of_tests():
    found = CHART.glob("templates/**/*.yaml")
    templates = {path.stem for path in found if path.parent.name != "crds"}
    suites = {path.name.removesuffix("_test.yaml") for path in CHART.glob("tests/*_test.yaml")}

    assert templates <= suites


def test_every_crd_is_part_of_the_chart():
    crds = {path.name for path in ROOT.glob("crds/*.yaml")}

    assert {path.name for path in CHART.glob("templates/crds/*.yaml")} == crds


def test_both_charts_hold_the_same_definitions():
    charts = (rendered(), run("helm", "template", "definitions", str(CRD_CHART)))
    definitions = [
        {each["metadata"]["name"]: each["spec"] for each in documents(text) if is_crd(each)}
        for text in charts
    ]

    assert definitions[0] != {}
    assert definitions[0] == definitions[1]


def is_crd(document):
    return document["kind"] == "CustomResourceDefinition"


def test_crds_are_kept_unless_somebody_says_otherwise():
    kept = [
        each["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        for each in documents(rendered())
        if is_crd(each)
    ]

    assert kept != []
    assert set(kept) == {"keep"}


def test_every_variable_of_the_operator_is_one_of_its_settings():
    values = EVERYTHING_ON | {"watchNamespaces": ["a"]}
    container = pod_specs(rendered(values=values))[0]["containers"][0]
    names = {each["name"].removeprefix(PREFIX).lower() for each in container["env"]}

    lease = {"lease_name", "lease_namespace", "lease_seconds"}
    upgrades = {"upgrades", "upgrades_share", "upgrades_soak_seconds"}
    others = {"log_level", "log_format", "image_registry", "watch_namespaces"}
    assert names == lease | upgrades | others
    assert names <= Settings.model_fields.keys()


def test_operator_starts_with_the_variables_that_the_chart_sets(operator):
    environment = {each["name"]: each["value"] for each in operator["env"]}
    namespace = environment.pop(f"{PREFIX}LEASE_NAMESPACE")

    assert Settings.from_environment(environment) == Settings()
    assert namespace == "arkalia-system"


def test_log_levels_are_those_of_the_operator():
    allowed = get_args(Settings.model_fields["log_level"].annotation)

    assert tuple(SCHEMA["properties"]["logLevel"]["enum"]) == allowed


def test_port_is_the_one_on_which_the_operator_serves(operator):
    assert [port["containerPort"] for port in operator["ports"]] == [Settings().health_port]


def test_operator_gets_more_time_to_stop_than_it_takes():
    assert pod_specs(rendered())[0]["terminationGracePeriodSeconds"] > Settings().drain_seconds


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_version_of_chart_and_operator_is_the_same(chart):
    pyproject = (ROOT / "operator/pyproject.toml").read_text(encoding="utf-8")
    meta = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))

    assert f'version = "{meta["appVersion"]}"' in pyproject
    assert meta["version"] == meta["appVersion"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_examples_that_artifact_hub_shows_are_resources_of_the_chart(chart):
    annotations = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))["annotations"]
    examples = yaml.safe_load(annotations["artifacthub.io/crdsExamples"])
    kinds = [each["kind"] for each in yaml.safe_load(annotations["artifacthub.io/crds"])]

    assert sorted({each["kind"] for each in examples}) == sorted(kinds)


def test_images_that_artifact_hub_shows_are_those_that_run(operator):
    images = yaml.safe_load(META["annotations"]["artifacthub.io/images"])
    shown = {each["name"]: each["image"] for each in images}
    registry = VALUES["image"]["registry"]

    assert shown["operator"] == operator["image"]
    for name in (path.parent.name for path in ROOT.glob("workloads/*/module.yaml")):
        assert shown[name] == f"{registry}/{name}:{META['appVersion']}"
