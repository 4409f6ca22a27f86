"""What was written and dropped is found in the annotation in which clients keep what they sent."""

import json

import pytest
from hypothesis import given

from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.unknown import LAST_APPLIED, unknown_fields
from random_specs import SYSTEMS


def a_body(written, stored=None):
    """A resource that was applied as *written*, and of which the API server kept *stored*."""
    text = written if isinstance(written, str) else json.dumps(written)
    metadata = {"name": "luna", "annotations": {LAST_APPLIED: text}}
    return {"metadata": metadata, "spec": stored or {}}


def found(spec, stored=None, model=ArkaliaSystemSpec, **beside):
    return unknown_fields(a_body({"spec": spec, **beside}, stored), model)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"loglevel": "INFO"}, "spec.loglevel (did you mean logLevel?)"),
        ({"zzz": 1}, "spec.zzz"),
        (
            {"modules": {"helloria": {"scalling": {}}}},
            "spec.modules.helloria.scalling (did you mean scaling?)",
        ),
        ({"images": {"digest": {"helloria": "x"}}}, "spec.images.digest (did you mean digests?)"),
        (
            {"placement": {"tolerations": [{"key": "a"}, {"keys": "b"}]}},
            "spec.placement.tolerations[1].keys (did you mean key?)",
        ),
    ],
)
def test_unknown_field_is_told_with_its_place_and_what_was_meant(spec, told):
    assert found(spec) == (told,)


def test_every_unknown_field_is_told():
    assert len(found({"a1": 1, "b2": 2, "modules": {"helloria": {"c3": 3}}})) == 3


def test_unknown_field_beside_the_spec_is_told():
    assert found({}, specc={"version": "0.1.0"}) == ("specc (did you mean spec?)",)


def test_what_every_object_has_is_known():
    beside = {"apiVersion": "a", "kind": "b", "metadata": {"x": 1}, "status": {"ready": True}}

    assert found({}, **beside) == ()


def test_fields_that_are_passed_through_hold_anything():
    modules = {"helloria": {"config": {"anything": {"goes": [1]}}, "podTemplate": {"spec": {}}}}

    assert found({"modules": modules, "zzz": 1}) == ("spec.zzz",)


def test_variables_and_labels_may_have_any_name():
    modules = {"helloria": {"env": {"WHATEVER": "1"}}}

    assert found({"modules": modules}) == ()


def test_module_is_read_by_its_own_schema():
    spec = {"components": [{"name": "main", "prot": 8000}]}

    assert found(spec, model=ArkaliaModuleSpec) == ("spec.components[0].prot (did you mean port?)",)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"spec": 3}', '{"spec": null}', "[" * 99999])
def test_annotation_that_makes_no_sense_says_nothing(text):
    assert unknown_fields(a_body(text), ArkaliaSystemSpec) == ()


def test_resource_without_annotations_says_nothing():
    assert unknown_fields({"metadata": {"name": "luna"}}, ArkaliaSystemSpec) == ()


@given(SYSTEMS)
def test_nothing_that_a_schema_allows_is_unknown(system):
    spec = system.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)

    assert found({**spec, "version": "0.0.0"}) == ()
