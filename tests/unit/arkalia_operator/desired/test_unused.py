"""What was written and has no effect is found, and nothing else is."""

import json

import pytest

from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.api.unknown import LAST_APPLIED
from arkalia_operator.desired.resolve import resolve
from builders import a_component, a_module, a_system, modules_with

ALPHA = a_module("alpha")
CLOCK = a_module("clock", components=[a_component(singleton=True)])
DIGEST = f"sha256:{'0' * 64}"


def told(system=None, *, foreign=(), broken=None, **spec):
    available = modules_with(ALPHA, CLOCK, foreign=foreign, broken=broken)
    found = resolve(system or a_system(**spec), available)
    return [(each.reason, each.message) for each in found.unused]


def applied(kind, name, spec, **written):
    """A resource of *kind* that was applied with *written* beside its *spec*."""
    text = json.dumps({"spec": {**spec, **written}})
    metadata = {
        "name": name,
        "namespace": "arkalia",
        "uid": "uid-1",
        "generation": 1,
        "annotations": {LAST_APPLIED: text},
    }
    return kind.from_body({"metadata": metadata, "spec": spec})


def test_empty_spec_has_its_effect():
    assert told() == []


def test_field_that_the_api_server_dropped_is_told():
    system = applied(ArkaliaSystem, "luna", {}, loglevel="INFO")

    assert told(system) == [
        (
            Reason.UNKNOWN_FIELD,
            "spec.loglevel (did you mean logLevel?) is in no schema, so the API server dropped it: "
            "correct its name, or remove it",
        )
    ]


def test_dropped_field_of_a_module_is_told_where_the_module_is_used():
    spec = {"image": {"repository": "weather"}, "components": [a_component()]}
    weather = applied(ArkaliaModule, "weather", spec, rout=[])

    [(reason, message)] = told(foreign=[weather], modules={"weather": {}})

    assert reason == Reason.UNKNOWN_FIELD
    assert message.startswith("ArkaliaModule weather: spec.rout (did you mean routes?)")
    assert told(foreign=[weather]) == []


@pytest.mark.parametrize("how", ["foreign", "broken"])
def test_module_with_the_name_of_a_built_in_one_is_told(how):
    given = {"foreign": [a_module("alpha")]} if how == "foreign" else {"broken": {"alpha": "no"}}

    assert told(**given) == [
        (
            Reason.FIELD_WITHOUT_EFFECT,
            "ArkaliaModule alpha is not used, since a built-in module has this name: give it "
            "another one, or delete it",
        )
    ]


def test_digest_of_no_image_is_told():
    [(reason, message)] = told(images={"digests": {"alhpa": DIGEST}})

    assert reason == Reason.FIELD_WITHOUT_EFFECT
    assert message == (
        "spec.images.digests.alhpa: no image of the system has this name: write one of "
        "alpha, clock, edge, model-keeper, ollama, postgresql, redis, or remove it"
    )


def test_digests_of_modules_and_servers_are_used():
    digests = dict.fromkeys(
        ("alpha", "weather", "postgresql", "redis", "ollama", "model-keeper"), DIGEST
    )

    assert told(foreign=[a_module("weather")], images={"digests": digests}) == []


@pytest.mark.parametrize("field", ["replicas", "scaling"])
def test_number_of_pods_of_a_module_that_always_has_one_is_told(field):
    value = {"replicas": 3, "scaling": {"maxReplicas": 3}}[field]

    [(_, message)] = told(modules={"clock": {field: value}})

    assert message.startswith(f"spec.modules.clock.{field}: every component of the module has")
    assert told(modules={"alpha": {field: value}}) == []


@pytest.mark.parametrize(
    ("monitoring", "number"),
    [
        ({"alertRules": True, "serviceMonitors": False}, 1),
        ({"serviceMonitors": False}, 0),
        ({"alertRules": False, "serviceMonitors": False}, 0),
        ({"alertRules": True}, 0),
    ],
)
def test_alert_rules_that_nothing_can_be_about_are_told(monitoring, number):
    assert len(told(monitoring=monitoring)) == number


def test_what_is_unused_is_told_beside_an_unknown_version():
    reasons = [reason for reason, _ in told(version="9.9.9", images={"digests": {"x": DIGEST}})]

    assert reasons == [Reason.FIELD_WITHOUT_EFFECT]
