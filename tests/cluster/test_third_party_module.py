"""A module that somebody else wrote joins a system that lists it, and leaves it again."""

from pathlib import Path

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster.systems import System, off_except
from cluster.waiting import eventually

MODULE = Path(__file__).resolve().parents[2] / "docs/examples/third-party-module/module.yaml"


@pytest.fixture(scope="module")
def greeter(kube, namespace):
    """The example's ArkaliaModule."""
    module = yaml.safe_load(MODULE.read_text(encoding="utf-8"))
    module["metadata"]["namespace"] = namespace
    return kube.apply(module)


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, greeter):
    """A system that lists no module, in a namespace that has one."""
    return System(kube, namespace, "luna").declare(modules=off_except()).ready()


def test_module_stays_out_of_a_system_that_does_not_list_it(luna):
    assert luna.of_modules() == []


def test_module_is_served_when_the_system_lists_it_and_gone_when_it_does_not(luna, kube):
    luna.change(modules={"greeter": {}})
    luna.ready()

    answer = luna.reach("greeter").get("/greetings/Ada")
    luna.change(modules={"greeter": None})
    luna.ready()

    assert answer.json() == {"greeting": "Hello, Ada!"}
    eventually(lambda: nothing_of(luna))


def test_module_joins_when_it_is_applied_after_the_system_that_lists_it(luna, kube, greeter):
    other = {**greeter, "metadata": {"name": "second", "namespace": luna.namespace}}
    luna.change(modules={"second": {}})
    eventually(lambda: luna.expect("Accepted", "False", "ModuleNotFound"))

    kube.apply(other)

    luna.ready()
    answer = luna.reach("second").get("/greetings/Ada")
    assert answer.status_code == 200


def nothing_of(system):
    left = system.children(kinds.DEPLOYMENT, kinds.SERVICE, kinds.POD)
    names = [child["metadata"]["name"] for child in left]
    assert not names, f"still there: {names}"
