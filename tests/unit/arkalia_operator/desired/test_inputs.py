"""What a pod template is made from, by the path under which people know it."""

import pytest
from hypothesis import HealthCheck, given, settings

from arkalia_operator.desired import desired_state
from builders import a_component, a_module, a_system, an_access, modules_with
from random_specs import AVAILABLE, SPECS

ALPHA = ("Deployment", "luna-alpha")
SOME = settings(max_examples=100, suppress_health_check=list(HealthCheck))


def inputs(*modules, foreign=(), access=None, **spec):
    """The inputs of a system of *modules* with *spec*, by object."""
    available = modules_with(*(modules or [a_module()]), foreign=foreign)
    return desired_state(a_system(**spec), available, access=access or an_access()).inputs


def differing(before, after, which=ALPHA):
    """The paths of the inputs of *which* that differ."""
    first, second = before[which], after[which]
    return {path for path in {*first, *second} if first.get(path) != second.get(path)}


def test_inputs_of_an_empty_spec_are_none():
    assert inputs()[ALPHA] == {}


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"environment": "staging"}, "spec.environment"),
        ({"logLevel": "DEBUG"}, "spec.logLevel"),
        ({"version": "0.1.0"}, "spec.version"),
        ({"images": {"registry": "images.example.com"}}, "spec.images.registry"),
        ({"images": {"pullPolicy": "Always"}}, "spec.images.pullPolicy"),
        ({"images": {"pullSecrets": ["pull"]}}, "spec.images.pullSecrets"),
        ({"images": {"digests": {"alpha": "sha256:1"}}}, "spec.images.digests.alpha"),
        ({"placement": {"nodeSelector": {"pool": "gpu"}}}, "spec.placement.nodeSelector"),
        ({"modules": {"alpha": {"env": {"A": "b"}}}}, "spec.modules.alpha.env"),
        ({"modules": {"alpha": {"config": {"a": 1}}}}, "spec.modules.alpha.config"),
        ({"modules": {"alpha": {"podTemplate": {"spec": {}}}}}, "spec.modules.alpha.podTemplate"),
        ({"modules": {"alpha": {"resources": {"limits": {"cpu": 1}}}}}, "spec.modules.alpha.resources"),
    ],
)  # fmt: skip
def test_changed_field_is_named_by_its_path(spec, path):
    assert differing(inputs(), inputs(**spec)) == {path}


TALKER = a_module(needs={"llm": True})
LLM = {"mode": "external", "url": "http://ollama:11434"}


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({"llm": LLM}, set()),
        ({"llm": LLM | {"apiKeySecret": {"name": "paid"}}}, {"spec.llm.apiKeySecret"}),
        ({"prompts": {"policy": "Block"}}, {"spec.prompts.policy"}),
    ],
)
def test_keys_and_policy_are_inputs_of_modules_with_a_language_model_alone(spec, paths):
    assert differing(inputs(TALKER), inputs(TALKER, **spec)) == paths
    assert differing(inputs(), inputs(**spec)) == set()


def test_length_of_sessions_and_second_factors_are_inputs_of_where_people_log_in_alone():
    login = a_module(needs={"postgresql": True, "firstCredential": True})
    spec = {"auth": {"sessionMinutes": 60, "mfa": "Required"}}

    assert differing(inputs(login), inputs(login, **spec)) == {
        "spec.auth.sessionMinutes",
        "spec.auth.mfa",
    }
    assert differing(inputs(), inputs(**spec)) == set()


@pytest.mark.parametrize(
    "spec",
    [
        {"modules": {"alpha": {"replicas": 3}}},
        {"modules": {"alpha": {"scaling": {"maxReplicas": 3}}}},
        {"monitoring": {"dashboards": False}},
        {"security": {"networkPolicies": {"enabled": False}}},
        {"deletionPolicy": "Delete"},
        {"images": {"digests": {"other": "sha256:1"}}},
        {"changes": {"holdRollouts": True}},
        {"data": {"postgresql": {"parameters": {"work_mem": "8MB"}}}},
    ],
)
def test_field_that_no_pod_is_made_from_is_no_input(spec):
    assert differing(inputs(), inputs(**spec)) == set()


def test_settings_of_one_module_are_no_inputs_of_another():
    pair = (a_module(), a_module("gamma"))

    changed = inputs(*pair, modules={"gamma": {"env": {"A": "b"}}})

    assert differing(inputs(*pair), changed) == set()
    assert differing(inputs(*pair), changed, ("Deployment", "luna-gamma"))


def test_description_of_a_foreign_module_is_an_input_of_its_pods():
    weather = {"modules": {"weather": {}}}
    pods = ("Deployment", "luna-weather")

    before = inputs(foreign=[a_module("weather")], **weather)
    other = a_module("weather", components=[a_component(args=["--fast"])])
    after = inputs(foreign=[other], **weather)

    assert differing(before, after, pods) == {"ArkaliaModule weather"}


def test_what_a_foreign_module_says_of_its_rules_is_no_input_of_its_pods():
    weather = {"modules": {"weather": {}}}
    told = {"monitoring": {"dashboard": {"title": "Weather"}}}

    before = inputs(foreign=[a_module("weather")], **weather)
    after = inputs(foreign=[a_module("weather", **told)], **weather)

    assert before == after


def test_module_that_the_gateway_shows_a_token_since_it_joined_is_an_input_of_the_gateway():
    gateway = a_module("alpha", public=True)
    weather = a_module("weather", routes=[{"path": "/weather"}])

    before = inputs(gateway, foreign=[weather])
    after = inputs(gateway, foreign=[weather], modules={"weather": {}})

    assert differing(before, after) == {"spec.modules.weather"}


@pytest.mark.parametrize(
    ("service", "block", "path"),
    [
        ("postgresql", {"postgresql": {"parameters": {"work_mem": "8MB"}}},
         "spec.data.postgresql.parameters"),
        ("redis-queue", {"redis": {"queue": {"maxMemory": "1Gi"}}}, "spec.data.redis.queue.maxMemory"),
        ("redis-cache", {"redis": {"cache": {"maxMemory": "1Gi"}}}, "spec.data.redis.cache.maxMemory"),
    ],
)  # fmt: skip
def test_data_service_has_the_inputs_of_its_own_block(service, block, path):
    access, server = an_access(service), ("StatefulSet", f"luna-{service}")

    assert differing(inputs(access=access), inputs(access=access, data=block), server) == {path}


def test_what_modules_are_told_is_no_input_of_a_data_service():
    access, server = an_access("redis-cache"), ("StatefulSet", "luna-redis-cache")
    told = inputs(access=access, environment="staging", logLevel="DEBUG")

    assert differing(inputs(access=access), told, server) == set()


def test_size_of_a_volume_is_no_input():
    access, server = an_access("postgresql"), ("StatefulSet", "luna-postgresql")
    grown = inputs(access=access, data={"postgresql": {"storage": {"size": "16Gi"}}})

    assert differing(inputs(access=access), grown, server) == set()


def test_digest_of_an_image_is_an_input_of_its_data_service():
    access, server = an_access("redis-cache"), ("StatefulSet", "luna-redis-cache")
    pinned = inputs(access=access, images={"digests": {"redis": "sha256:1"}})

    assert differing(inputs(access=access), pinned, server) == {"spec.images.digests.redis"}


def test_nothing_is_told_of_a_system_that_is_not_understood():
    assert inputs(version="9.9.9") == {}


@SOME
@given(SPECS, SPECS, AVAILABLE)
def test_no_two_specs_make_different_pods_from_the_same_inputs(one, other, available):
    """Or a change that somebody asked for would be taken for an upgrade, and held."""
    first, second = (desired_state(a_system(**each), available) for each in (one, other))
    pods = [
        {("Deployment", each["metadata"]["name"]): each["spec"]["template"]
         for each in found.manifests if each["kind"] == "Deployment"}
        for found in (first, second)
    ]  # fmt: skip

    for which in pods[0].keys() & pods[1].keys():
        if pods[0][which] != pods[1][which]:
            assert first.inputs[which] != second.inputs[which]
