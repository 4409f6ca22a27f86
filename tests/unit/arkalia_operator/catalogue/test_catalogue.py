"""The modules that ship with the operator."""

import pytest

from arkalia_operator import catalogue
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.resolve import Defaults, Modules
from builders import a_system
from pod_security import violations

MODULES = [
    pytest.param(version, module, id=f"{module.name} {version}")
    for version, modules in catalogue.load().items()
    for module in modules.values()
]


def test_every_version_has_modules_by_their_names():
    for version, modules in catalogue.load().items():
        assert version.count(".") == 2
        assert modules
        assert [each.name for each in modules.values()] == sorted(modules)


@pytest.mark.parametrize(("version", "module"), MODULES)
def test_module_of_the_catalogue_is_rendered_without_a_problem(version, module):
    available = Modules(catalogue.load(), {}, {}, Defaults(version, ""))

    desired = desired_state(a_system(), available)

    assert desired.resolution.problems == ()
    assert module.name in {each.name for each in desired.resolution.modules}


@pytest.mark.parametrize(("version", "module"), MODULES)
def test_pods_of_the_catalogue_pass_the_level_restricted(version, module):
    desired = desired_state(a_system(), Modules(catalogue.load(), {}, {}, Defaults(version, "")))

    pods = [each["spec"]["template"] for each in desired.manifests if each["kind"] == "Deployment"]
    assert [each for pod in pods for each in violations(pod)] == []
