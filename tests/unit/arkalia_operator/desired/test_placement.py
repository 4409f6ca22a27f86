"""On which nodes pods run: the module's word replaces the system's, field by field."""

import pytest

from arkalia_operator.api.placement import Placement
from arkalia_operator.desired.placement import pod_fields

SYSTEM = Placement.model_validate(
    {
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system"}],
        "affinity": {"podAffinity": {}},
        "priorityClassName": "system",
    }
)
FIELDS = {
    "nodeSelector": {"pool": "system"},
    "tolerations": [{"key": "system", "operator": "Equal"}],
    "affinity": {"podAffinity": {}},
    "priorityClassName": "system",
}


def test_placement_that_says_nothing_makes_no_field():
    assert pod_fields(Placement(), None) == {}


def test_module_without_a_placement_has_the_systems():
    assert pod_fields(SYSTEM, None) == FIELDS


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"nodeSelector": {"pool": "gpu"}}, {"nodeSelector": {"pool": "gpu"}}),
        (
            {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
            {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        ),
        ({"affinity": {"nodeAffinity": {}}}, {"affinity": {"nodeAffinity": {}}}),
        ({"priorityClassName": "high"}, {"priorityClassName": "high"}),
    ],
)
def test_field_of_the_module_replaces_the_systems(wanted, field):
    assert pod_fields(SYSTEM, Placement.model_validate(wanted)) == FIELDS | field


def test_zero_seconds_of_toleration_are_not_for_ever():
    wanted = {"key": "a", "effect": "NoExecute", "tolerationSeconds": 0}

    [toleration] = pod_fields(Placement.model_validate({"tolerations": [wanted]}), None)[
        "tolerations"
    ]

    assert toleration["tolerationSeconds"] == 0
