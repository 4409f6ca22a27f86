"""What the API server let through and the operator cannot do becomes a problem with a reason."""

import pytest

from arkalia_operator.api.reasons import Reason
from builders import a_component, a_module, a_system, rendered


def problem(settings, module=None):
    desired = rendered(a_system(modules={"alpha": settings}), module or a_module())
    problems = [(each.reason, each.message) for each in desired.resolution.problems]
    return problems[0] if problems else None


def nested(depth):
    value = "bottom"
    for _ in range(depth):
        value = [value]
    return {"a": value}


@pytest.mark.parametrize("field", ["config", "podTemplate"])
def test_field_that_nests_too_deeply_is_refused(field):
    assert problem({field: nested(32)}) == (
        Reason.INVALID_SPEC,
        f"spec.modules.alpha.{field} nests more than 32 objects and lists inside each other: "
        "write it flatter",
    )


def test_field_may_nest_as_deeply_as_it_is_looked_into():
    assert problem({"config": nested(31)}) is None


def test_affinity_of_a_module_may_not_nest_too_deeply():
    reason, message = problem({"placement": {"affinity": nested(32)}})

    assert reason == Reason.INVALID_SPEC
    assert message.startswith("spec.modules.alpha.placement.affinity nests")


def problems_of(llm):
    system = a_system(llm={"mode": "builtin", "models": ["small"], **llm})
    return [each.message for each in rendered(system, a_module()).resolution.problems]


def test_affinity_of_the_model_server_may_not_nest_too_deeply():
    [message] = problems_of({"placement": {"affinity": nested(32)}})

    assert message.startswith("spec.llm.placement.affinity nests")


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"storage": {"size": "1e30"}}, "spec.llm.storage.size"),
        ({"resources": {"limits": {"memory": "1e30"}}}, "spec.llm.resources.limits.memory"),
    ],
)
def test_quantity_of_the_model_server_that_kubernetes_cannot_store_is_refused(field, place):
    [message] = problems_of(field)

    assert message.startswith(f"{place}: '1e30' is too much")


@pytest.mark.parametrize("monitoring", [{"rules": [nested(40)]}, {"dashboard": nested(40)}])
def test_monitoring_of_a_module_may_not_nest_too_deeply(monitoring):
    assert problem({}, a_module(monitoring=monitoring)) == (
        Reason.MODULE_INVALID,
        "ArkaliaModule alpha: spec.monitoring nests more than 32 objects and lists inside each "
        "other: write it flatter",
    )


def test_module_may_not_have_the_name_of_what_all_trust():
    trust = a_module("trust")
    desired = rendered(a_system(modules={"trust": {}}), trust)

    [found] = desired.resolution.problems
    assert found.reason == Reason.MODULE_INVALID
    assert "write another one" in found.message


def test_fewest_pods_of_the_user_may_not_pass_the_most_of_the_module():
    module = a_module(scaling={"minReplicas": 1, "maxReplicas": 4})

    assert problem({"scaling": {"minReplicas": 5}}, module) == (
        Reason.INVALID_SPEC,
        "spec.modules.alpha.scaling: minReplicas 5 is greater than maxReplicas 4: write both fields",
    )


def test_most_pods_of_the_user_may_not_fall_below_the_fewest_of_the_module():
    module = a_module(scaling={"minReplicas": 2, "maxReplicas": 4})

    _, message = problem({"scaling": {"maxReplicas": 1}}, module)

    assert "minReplicas 2 is greater than maxReplicas 1" in message


@pytest.mark.parametrize("scaling", [{"minReplicas": 4}, {"maxReplicas": 1}])
def test_fewest_and_most_pods_may_be_the_same(scaling):
    module = a_module(scaling={"minReplicas": 1, "maxReplicas": 4})

    assert problem({"scaling": scaling}, module) is None


@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_quantity_that_kubernetes_cannot_store_is_refused(kind):
    assert problem({"resources": {kind: {"cpu": "1e30"}}}) == (
        Reason.INVALID_SPEC,
        f"spec.modules.alpha.resources.{kind}.cpu: '1e30' is too much: a quantity must be smaller "
        "than 1000E",
    )


def test_wrong_quantity_of_a_module_is_the_modules_problem():
    module = a_module(components=[a_component(resources={"limits": {"cpu": "much"}})])

    reason, message = problem({}, module)

    assert reason == Reason.MODULE_INVALID
    assert message.startswith("ArkaliaModule alpha: main: resources.limits.cpu: 'much' is not")


@pytest.mark.parametrize(
    "need",
    [
        {"kubernetes": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    ],
    ids=lambda need: next(iter(need)),
)
def test_module_whose_need_is_not_provided_does_not_run_without_it(need):
    assert problem({}, a_module(needs=need)) == (
        Reason.MODULE_INVALID,
        f"ArkaliaModule alpha: spec.needs.{next(iter(need))} is not provided by this version of "
        "Arkalia: remove it if the module can work without, or install a version that provides it",
    )


def test_mistake_in_a_pod_template_is_told_with_its_path():
    assert problem({"podTemplate": {"spec": {"containers": [{"image": "x"}]}}}) == (
        Reason.INVALID_SPEC,
        "spec.modules.alpha.podTemplate.spec.containers[0]: is merged by name: write name",
    )


def test_first_mistakes_of_many_are_told_and_the_rest_counted():
    _, message = problem({"podTemplate": dict.fromkeys("abcde", 1)})

    assert message.count("a pod template has metadata and spec") == 3
    assert message.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"postgresql": {"storage": {"size": "8Gx"}}}, "spec.data.postgresql.storage.size: "),
        (
            {"redis": {"queue": {"resources": {"limits": {"memory": "1Gx"}}}}},
            "spec.data.redis.queue.resources.limits.memory",
        ),
    ],
    ids=["size", "resources"],
)
def test_quantity_of_the_data_that_kubernetes_cannot_store_is_refused(data, place):
    [found] = rendered(a_system(data=data), a_module()).resolution.problems

    assert found.reason == Reason.INVALID_SPEC
    assert found.message.startswith(place)


def test_first_problem_is_the_one_that_hides_the_others():
    _, message = problem({"podTemplate": nested(40), "scaling": {"minReplicas": 9}})

    assert "nests" in message


@pytest.mark.parametrize("wrong", ["999.0.0.0/8", "10.0.0.1/8", "10.0.0.0/99"])
def test_range_of_trusted_proxies_that_is_none_is_refused(wrong):
    desired = rendered(a_system(network={"trustedProxies": ["10.0.0.0/8", wrong]}))

    [found] = desired.resolution.problems
    assert found.reason == Reason.INVALID_SPEC
    assert found.message.startswith("spec.network.trustedProxies: ")
    assert wrong.partition("/")[0] in found.message


SERVER = {"name": "second", "provider": "ollama", "url": "http://[::1"}


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({"network": {"proxy": {"http": "http://proxy:70000"}}}, "network.proxy.http"),
        ({"network": {"proxy": {"https": "http://[:::::]"}}}, "network.proxy.https"),
        ({"monitoring": {"tracing": {"endpoint": "http://a:b"}}}, "monitoring.tracing.endpoint"),
        ({"auth": {"oidc": {"issuer": "https://[", "audience": "a"}}}, "auth.oidc.issuer"),
        ({"llm": {"mode": "external", "url": "http://a:99999"}}, "llm.url"),
        (
            {"llm": {"mode": "external", "url": "http://a", "fallback": [SERVER]}},
            "llm.fallback[second].url",
        ),
    ],
)
def test_address_that_is_none_is_refused(spec, place):
    found = rendered(a_system(**spec)).resolution.problem

    assert found.message.startswith(f"spec.{place}: ")
    assert "write an address" in found.message


def test_addresses_that_are_some_are_taken():
    spec = {
        "network": {"proxy": {"http": "http://[::1]:3128", "https": "http://proxy:65535/"}},
        "monitoring": {"tracing": {"endpoint": "http://collector:4318"}},
        "auth": {"oidc": {"issuer": "https://login.example.com/realms/a", "audience": "a"}},
        "llm": {"mode": "external", "url": "http://ollama.models.svc:11434"},
    }

    assert rendered(a_system(**spec)).resolution.problem is None
