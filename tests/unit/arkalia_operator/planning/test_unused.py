"""FieldsIgnored tells what has no effect, and holds nothing up."""

from datetime import UTC, datetime

import pytest

from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.judge import judge
from builders import OPTIONAL, a_module, a_system, an_observed, rendered

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = f"sha256:{'0' * 64}"


def judged(served=OPTIONAL, **spec):
    """The conditions of a system that runs."""
    system = a_system(**spec)
    desired = rendered(system, a_module())
    status = judge(Evidence(system, desired, an_observed(system, desired, served=served)), NOW)
    return {each.type: each for each in status.conditions}


def test_nothing_is_ignored():
    found = judged()["FieldsIgnored"]

    assert (found.status, found.reason) == ("False", "EverythingUsed")


def test_ignored_field_is_told_and_the_system_is_ready():
    found = judged(images={"digests": {"x": DIGEST}})

    assert (found["FieldsIgnored"].status, found["FieldsIgnored"].reason) == (
        "True",
        "FieldWithoutEffect",
    )
    assert found["FieldsIgnored"].message.startswith("spec.images.digests.x: ")
    assert found["Ready"].status == "True"


def test_only_some_ignored_fields_are_named():
    digests = {f"x-{number}": DIGEST for number in range(5)}

    message = judged(images={"digests": digests})["FieldsIgnored"].message

    assert message.count("spec.images.digests.") == 3
    assert message.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("field", "kind"), [("serviceMonitors", "ServiceMonitor"), ("alertRules", "PrometheusRule")]
)
def test_kind_that_was_asked_for_and_is_not_served_is_told(field, kind):
    found = judged(OPTIONAL - {kind}, monitoring={field: True})["FieldsIgnored"]

    assert (found.status, found.reason) == ("True", "KindNotServed")
    assert found.message.startswith(
        f"spec.monitoring.{field}: the cluster does not serve {kind} of monitoring.coreos.com/v1: "
        "install the Prometheus operator"
    )


def test_kind_that_nobody_asked_for_may_be_absent():
    assert judged(frozenset())["FieldsIgnored"].status == "False"
    off = {"serviceMonitors": False, "alertRules": False}
    assert judged(frozenset(), monitoring=off)["FieldsIgnored"].status == "False"
