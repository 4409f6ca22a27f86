"""What the operator would do to a system, in words."""

from dataclasses import replace

from applied_objects import AppliedObjects
from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.planning.plan import plan
from arkalia_operator.planning.preview import preview
from builders import a_component, a_module, a_system, rendered


def previewed(after, *modules, gate=None, **spec):
    """What would be done to a converged system so that it is as *after*."""
    server, system = AppliedObjects(), a_system()
    before = rendered(system, a_module())
    server.carry_out(plan(system, before, server.observed()))
    observed = replace(server.observed(), gate=gate or RolloutGate())
    desired = rendered(after, *(modules or [a_module()]))
    return [str(each) for each in preview(after, desired, observed, server.objects)]


def test_nothing_would_be_done_to_a_converged_system():
    assert previewed(a_system()) == []


def test_changed_field_is_told_with_the_pods_that_it_replaces_and_why():
    assert previewed(a_system(environment="staging")) == [
        "change Deployment luna-alpha: spec.template.spec.containers[alpha].env[ARKALIA_ENV].value; "
        "its pods are replaced (spec.environment)"
    ]


def test_change_beside_the_pods_replaces_none():
    found = previewed(a_system(modules={"alpha": {"replicas": 3}}))

    assert found == [
        "change Deployment luna-alpha: spec.replicas",
        "create PodDisruptionBudget luna-alpha",
    ]


def test_object_that_nothing_asks_for_any_more_is_deleted():
    found = previewed(a_system(modules={"alpha": {"enabled": False}}))

    assert "delete Deployment luna-alpha" in found


def test_template_that_is_held_is_told():
    later = a_module(components=[a_component(args=["--new"])])

    assert previewed(a_system(), later, gate=RolloutGate(upgrades=False)) == [
        "hold Deployment luna-alpha"
    ]
