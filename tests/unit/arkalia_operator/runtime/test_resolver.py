"""Which modules a system has is worked out again when something of it has changed, and only then."""

from dataclasses import replace

import pytest

from arkalia_operator import catalogue
from arkalia_operator.api.reasons import Reason
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.resolve import Defaults, resolve
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.runtime.resolver import Basis, Resolver
from arkalia_operator.runtime.resources import Resources
from builders import a_system

LUNA = SystemKey("arkalia", "luna")
OPEN = RolloutGate()
FOREIGN = {
    "metadata": {"name": "weather", "namespace": "arkalia", "uid": "w", "resourceVersion": "1"},
    "spec": {"image": {"repository": "weather"}, "components": [{"name": "main"}]},
}


@pytest.fixture
def resolver():
    return Resolver(Resources(), catalogue.load(), Defaults("0.1.0", "localhost/arkalia"))


def resolved(resolver, system, trouble=None):
    return resolver.resolution(LUNA, Basis(system, resolver.modules(system, OPEN), trouble))


def test_the_same_is_worked_out_once(resolver):
    system = a_system()

    assert resolved(resolver, system) is resolved(resolver, system)


def test_it_is_what_was_worked_out(resolver):
    system = a_system()

    assert resolved(resolver, system) == resolve(system, resolver.modules(system, OPEN))


@pytest.mark.parametrize("other", [{"environment": "production"}, {"version": "9.9.9"}])
def test_another_spec_is_worked_out_anew(resolver, other):
    resolved(resolver, a_system())
    changed = a_system(**other)

    assert resolved(resolver, changed) == resolve(changed, resolver.modules(changed, OPEN))


def test_a_module_that_joins_is_seen(resolver):
    system = a_system(modules={"weather": {}})
    before = resolved(resolver, system)

    resolver.resources.modules.put(FOREIGN)

    assert "weather" in before.held
    assert "weather" in {each.name for each in resolved(resolver, system).modules}


def test_trouble_that_comes_and_goes_is_seen(resolver):
    system, trouble = a_system(), Problem(Reason.SECRET_MISSING, "no bundle")
    resolved(resolver, system)

    assert resolved(resolver, system, trouble).missing == (trouble,)
    assert resolved(resolver, system).missing == ()


def test_what_concerned_a_system_that_is_gone_is_forgotten(resolver):
    system = a_system()
    before = resolved(resolver, system)

    resolver.forget(LUNA)

    assert resolved(resolver, system) is not before


def test_a_version_waits_where_upgrades_are_held(resolver):
    resolver.builtin = {**resolver.builtin, "0.2.0": resolver.builtin["0.1.0"]}
    resolver.defaults = replace(resolver.defaults, version="0.2.0")
    system = a_system()
    system = replace(system, status=system.status.model_copy(update={"version": "0.1.0"}))

    held = resolver.modules(system, RolloutGate(upgrades=False))

    assert resolver.waiting(system, held) == "0.2.0"
    assert resolver.waiting(system, resolver.modules(system, OPEN)) == ""
    assert resolver.waiting(a_system(version="0.1.0"), held) == ""
