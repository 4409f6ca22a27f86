"""How many pods a module has, and who says so."""

import pytest

from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.desired.resolved import ResolvedModule
from builders import a_component, a_module


def a_resolved(settings=None, component=None, **spec):
    module = a_module(components=[component or a_component()], **spec)
    wanted = ModuleSettings.model_validate(settings or {})
    return ResolvedModule("alpha", "0.1.0", "alpha:0.1.0", module.spec, wanted)


def numbers(module):
    scaling = module.scaling
    if scaling is None:
        return None
    return (
        scaling.min_replicas,
        scaling.max_replicas,
        scaling.target_cpu_utilization_percentage,
    )


@pytest.mark.parametrize(
    ("settings", "own", "expected"),
    [
        ({}, None, None),
        ({}, {"minReplicas": 2, "maxReplicas": 5}, (2, 5, 70)),
        ({"scaling": {}}, None, (1, 3, 70)),
        ({"scaling": {"maxReplicas": 9}}, {"minReplicas": 2, "maxReplicas": 5}, (2, 9, 70)),
        ({"scaling": {"targetCPUUtilizationPercentage": 50}}, {}, (1, 3, 50)),
        ({"replicas": 2}, {"minReplicas": 2, "maxReplicas": 5}, None),
        ({"replicas": 0}, {"minReplicas": 2, "maxReplicas": 5}, None),
    ],
)
def test_scaling_is_the_users_word_laid_over_the_modules(settings, own, expected):
    module = a_resolved(settings, **({} if own is None else {"scaling": own}))

    assert numbers(module) == expected


@pytest.mark.parametrize(
    ("settings", "component", "expected"),
    [
        ({}, a_component(), 1),
        ({}, a_component(replicas=3), 3),
        ({"replicas": 5}, a_component(replicas=3), 5),
        ({"replicas": 0}, a_component(replicas=3), 0),
        ({"replicas": 5}, a_component(singleton=True), 1),
        ({"scaling": {"minReplicas": 2}}, a_component(replicas=3), 2),
        ({"scaling": {"minReplicas": 2}}, a_component(singleton=True), 1),
    ],
)
def test_certain_pods_are_the_fewest_that_the_component_ever_has(settings, component, expected):
    module = a_resolved(settings, component)

    assert module.certain_replicas(module.spec.components[0]) == expected


def test_singleton_is_never_scaled():
    module = a_resolved({"scaling": {}}, a_component(singleton=True))

    assert module.scaling_of(module.spec.components[0]) is None
