"""The CRDs agree with the models, with the documentation, and with what Kubernetes can take."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from arkalia_cli.views import doctor
from arkalia_operator.api import crds, generated, reference
from arkalia_operator.api.arkaliaaction import ArkaliaActionSpec
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.structural import INT_OR_STRING, PRESERVED, VALIDATIONS, structural_schema
from arkalia_operator.catalogue import generate
from arkalia_operator.desired.unused import OTHER_IMAGES
from schema_values import breaking, fitting

ROOT = Path(__file__).resolve().parents[2]
MODELS = (ArkaliaSystemSpec, ArkaliaSystemStatus, ArkaliaModuleSpec, ArkaliaActionSpec)
GENERATORS = (crds, reference, generate)
SAMPLES = sorted(
    [
        *ROOT.glob("tests/cluster/right_resources/*.yaml"),
        *ROOT.glob("docs/examples/*/system.yaml"),
        *ROOT.glob("docs/examples/*/module.yaml"),
        *ROOT.glob("workloads/*/module.yaml"),
    ]
)
SPECS = {
    "ArkaliaSystem": ArkaliaSystemSpec,
    "ArkaliaModule": ArkaliaModuleSpec,
    "ArkaliaAction": ArkaliaActionSpec,
}
LARGE = ("ArkaliaSystem", "ArkaliaModule")
WRONG = sorted(ROOT.glob("tests/cluster/wrong_resources/*.yaml"))
CHANGES = sorted(ROOT.glob("tests/cluster/wrong_changes/*.yaml"))

STRUCTURAL = {
    *("description", "type", "format", "enum", "required", "properties", "items"),
    *("additionalProperties", "minimum", "maximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "maxProperties", "minProperties"),
    *("exclusiveMinimum", "exclusiveMaximum"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
    *(INT_OR_STRING, PRESERVED, VALIDATIONS),
}
"""What may stand in a node; `default` is left out on purpose (decision 0002)."""
FIRST_STATUS = "ArkaliaSystem.status"
"""Its default is not stored with a new object: the API server fills it in (decision 0075)."""

CEL_OF_1_29 = {
    *("all", "exists", "filter", "has", "matches", "size", "startsWith", "string"),
    *("isQuantity", "quantity", "isLessThan", "isGreaterThan"),
}
"""The functions that the oldest Kubernetes of the chart's kubeVersion knows."""

SCHEMAS = {model: structural_schema(model) for model in MODELS}
FITTING = {model: fitting(schema) for model, schema in SCHEMAS.items()}
BREAKING = {model: breaking(SCHEMAS[model]) for model in SPECS.values()}
"""A status is read as far as it is known: a newer operator may have written it."""


WHOLE = {
    each.kind: crds.crd(each)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for each in crds.RESOURCES
}


def whole(resource):
    return WHOLE[resource.kind]


def nodes(schema, path):
    """Every node of *schema* with its path, itself first."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}")
    for key, step in (("items", "[]"), ("additionalProperties", ".<key>")):
        if key in schema:
            yield from nodes(schema[key], path + step)


def fields(schema, path):
    """Every named field of *schema* with its path."""
    for at, node in nodes(schema, path):
        for name, field in node.get("properties", {}).items():
            yield f"{at}.{name}", field


ALL_FIELDS = [
    (path, field)
    for resource in crds.RESOURCES
    for part in ("spec", "status")
    if part in whole(resource)["properties"]
    for path, field in fields(whole(resource)["properties"][part], f"{resource.kind}.{part}")
]
ALL_NODES = [
    (path, node)
    for resource in crds.RESOURCES
    for path, node in nodes(whole(resource), resource.kind)
]
JUDGED = [
    (path, node)
    for path, node in ALL_NODES
    if ".spec" in path or ".status" in path
    if not node.get(PRESERVED) and "enum" not in node and node.get("format") != "date-time"
]
ALL_RULES = [(path, rule) for path, node in ALL_NODES for rule in node.get(VALIDATIONS, ())]


def unbounded(node):
    if INT_OR_STRING in node or node["type"] == "string":
        return "maxLength" not in node
    if node["type"] == "array":
        return "maxItems" not in node
    return "additionalProperties" in node and "maxProperties" not in node


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda each: each.__name__)
def test_generated_files_are_what_their_source_says(generator, capsys):
    code = generated.run(generator.generated_files(), ["--check"])

    assert capsys.readouterr().err == ""
    assert code == 0


def test_every_field_has_a_description_that_is_a_sentence():
    bare = [
        path for path, field in ALL_FIELDS if not field.get("description", "").endswith((".", "?"))
    ]

    assert bare == []


def test_no_description_tells_two_defaults():
    twice = [path for path, field in ALL_FIELDS if field["description"].count("Default: ") > 1]

    assert twice == []


def test_every_text_list_and_map_is_bounded():
    assert [path for path, node in JUDGED if unbounded(node)] == []


def test_no_keyword_remains_that_kubernetes_refuses_or_that_stores_a_default():
    strange = {path: set(node) - STRUCTURAL for path, node in ALL_NODES if path != FIRST_STATUS}

    assert {path: keys for path, keys in strange.items() if keys} == {}


def test_keys_of_a_merged_list_are_required():
    merged = [(path, node) for path, node in ALL_NODES if "x-kubernetes-list-map-keys" in node]

    optional = [
        path
        for path, node in merged
        if not set(node["x-kubernetes-list-map-keys"]) <= set(node["items"]["required"])
    ]

    assert merged
    assert optional == []


def test_every_message_of_a_rule_says_what_to_write():
    silent = [
        path
        for path, rule in ALL_RULES
        if not re.search(r": .*(write|use|lower|leave)", rule["message"])
    ]

    assert silent == []


def test_every_rule_calls_only_functions_of_the_oldest_kubernetes():
    expressions = [rule["rule"] for _, rule in ALL_RULES]

    called = {name for each in expressions for name in re.findall(r"(\w+)\(", each)}

    assert called - CEL_OF_1_29 == set()


def test_every_rule_is_broken_by_a_wrong_resource():
    complaints = "\n".join(path.read_text(encoding="utf-8") for path in (*WRONG, *CHANGES))

    unbroken = [
        (path, rule["message"]) for path, rule in ALL_RULES if rule["message"] not in complaints
    ]

    assert unbroken == []


def test_no_two_wrong_resources_are_wrong_in_the_same_way():
    texts = [path.read_text(encoding="utf-8") for path in WRONG]
    bodies = [repr(yaml.safe_load(text)) for text in texts]

    assert len(set(bodies)) == len(bodies)
    assert len(WRONG) >= 60


def test_at_least_twenty_wrong_resources_of_each_large_kind_are_tried():
    kinds = [yaml.safe_load(path.read_text(encoding="utf-8"))["kind"] for path in WRONG]

    assert min(kinds.count(kind) for kind in LARGE) >= 20


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_model_reads_everything_that_the_schema_allows(model, data):
    written = data.draw(FITTING[model])

    model.model_validate(written)


@pytest.mark.parametrize("model", SPECS.values(), ids=lambda model: model.__name__)
@given(data=st.data())
def test_model_refuses_everything_that_the_schema_refuses(model, data):
    written = data.draw(BREAKING[model])

    with pytest.raises(ValidationError):
        model.model_validate(written)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_loses_nothing_of_what_was_written(path):
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    written = body.get("spec", {})

    read = SPECS[body["kind"]].model_validate(written)

    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == as_text(written)


def test_command_line_names_every_field_for_a_storage_class():
    places = {
        path.partition(".")[2] for path, _ in ALL_FIELDS if path.endswith(".storageClassName")
    }

    assert set(doctor.STORAGE_CLASSES) == places


def test_names_of_images_of_no_module_stand_where_digests_are_described():
    described = dict(ALL_FIELDS)["ArkaliaSystem.spec.images.digests"]["description"]

    assert {name for name in OTHER_IMAGES if f"`{name}`" not in described} == set()


def as_text(value):
    """*value* with its quantities as text, as the model keeps them."""
    if isinstance(value, list):
        return [as_text(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: quantities(each) if key == "resources" and isinstance(each, dict) else as_text(each)
        for key, each in value.items()
    }


def quantities(resources):
    return {
        bound: {name: str(amount) for name, amount in amounts.items()}
        for bound, amounts in resources.items()
    }
