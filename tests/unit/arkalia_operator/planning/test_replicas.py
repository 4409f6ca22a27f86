"""The number of pods goes to the autoscaler and back without a jump."""

from dataclasses import replace

import pytest

from arkalia_operator.planning.observed import RolloutProgress
from arkalia_operator.planning.replicas import hand_over
from builders import a_module, a_record, a_system, only, rendered

SYSTEM = a_system()
MANIFEST = only(rendered(SYSTEM, a_module(scaling={"minReplicas": 2})).manifests, "Deployment")


def sent(record):
    """`replicas` as the operator sends it."""
    return hand_over(MANIFEST, 2, record)["spec"].get("replicas")


def a_deployment(*, owned, running):
    record = a_record(MANIFEST, SYSTEM, owned_replicas=owned)
    return replace(record, rollout=RolloutProgress(wanted=running))


def test_new_deployment_starts_with_the_least_number_of_pods():
    assert sent(None) == 2


@pytest.mark.parametrize(("owned", "expected"), [(2, 2), (5, 5), (1, 2), (0, 2)])
def test_number_that_the_operator_owns_stays_but_never_below_the_least(owned, expected):
    assert sent(a_deployment(owned=owned, running=owned)) == expected


@pytest.mark.parametrize("running", [1, 2, 7])
def test_number_that_the_autoscaler_has_written_is_its_own(running):
    assert sent(a_deployment(owned=None, running=running)) is None


def test_deployment_that_somebody_scaled_to_nothing_is_woken_up():
    assert sent(a_deployment(owned=None, running=0)) == 2


def test_record_without_a_rollout_is_left_to_the_autoscaler():
    assert sent(a_record(MANIFEST, SYSTEM, rollout=None)) is None


def test_manifest_itself_is_not_touched():
    hand_over(MANIFEST, 2, None)

    assert "replicas" not in MANIFEST["spec"]
