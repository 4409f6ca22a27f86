"""A Kubernetes Event tells a transition of `Ready`, and nothing else."""

from datetime import UTC, datetime

import pytest

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.conditions import Condition
from arkalia_operator.planning.actions import Announcement
from arkalia_operator.planning.announcements import announcements


def a_status(status=None, reason="RollingOut", message="Half way.", kind="Ready"):
    if status is None:
        return ArkaliaSystemStatus()
    condition = Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        observed_generation=1,
        last_transition_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return ArkaliaSystemStatus(conditions=[condition])


@pytest.mark.parametrize(
    ("after", "type_"), [("True", "Normal"), ("Unknown", "Normal"), ("False", "Warning")]
)
def test_first_status_is_announced_as_a_warning_only_if_the_system_is_doomed(after, type_):
    found = announcements(a_status(), a_status(after))

    assert found == (Announcement(type_, "RollingOut", "Half way."),)


@pytest.mark.parametrize("before", ["True", "False", "Unknown"])
def test_another_status_is_announced(before):
    after = "True" if before != "True" else "Unknown"

    assert len(announcements(a_status(before), a_status(after))) == 1


def test_another_reason_is_announced():
    assert len(announcements(a_status("Unknown"), a_status("Unknown", "PodsNotReady"))) == 1


def test_another_message_alone_is_not_announced():
    assert announcements(a_status("Unknown"), a_status("Unknown", message="Nearly.")) == ()


def test_other_conditions_are_not_announced():
    assert announcements(a_status(), a_status("False", kind="Accepted")) == ()


def test_status_without_ready_announces_nothing():
    assert announcements(a_status("True"), a_status()) == ()


def test_missing_rights_are_announced_when_they_are_found_and_when_they_are_granted():
    missing = a_status("False", "PermissionsMissing", kind="PermissionsReady")
    granted = a_status("True", "PermissionsGranted", kind="PermissionsReady")

    assert [each.type for each in announcements(a_status(), missing)] == ["Warning"]
    assert [each.type for each in announcements(missing, granted)] == ["Normal"]
    assert announcements(a_status(), granted) == ()
