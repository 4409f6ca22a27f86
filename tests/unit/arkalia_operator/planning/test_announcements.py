"""A Kubernetes Event tells a transition of a told condition, what is ignored, and each drift."""

from datetime import UTC, datetime

import pytest

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.changes import ChangesStatus
from arkalia_operator.api.conditions import Condition
from arkalia_operator.planning.actions import Announcement
from arkalia_operator.planning.announcements import announcements, recreated, repaired, reported
from arkalia_operator.planning.drift import Drift, Drifted
from arkalia_operator.planning.observed import ObjectKey

KEY = ObjectKey("Service", "arkalia", "luna")


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


def a_waiting(status, reason="WaitingForApproval", plan="", message="Plan."):
    """A status in which `ChangesApproved` has this *status*, with the hash of the *plan*."""
    found = a_status(status, reason, message, kind="ChangesApproved")
    return found.model_copy(update={"changes": ChangesStatus(hash=plan)})


def test_change_that_waits_for_approval_is_announced_once():
    waits = a_waiting("False", plan="1", message="Plan 1 waits.")

    assert announcements(a_status("True"), waits) == (
        Announcement("Normal", "WaitingForApproval", "Plan 1 waits."),
    )
    assert announcements(waits, waits) == ()


def test_ready_does_not_repeat_what_waits():
    changes = a_waiting("False", plan="1", message="Plan 1 waits: approve it.")
    ready = a_status("Unknown", "WaitingForApproval").conditions
    after = changes.model_copy(update={"conditions": [*ready, *changes.conditions]})

    assert [each.message for each in announcements(a_status("True"), after)] == [
        "Plan 1 waits: approve it."
    ]


def test_another_plan_is_announced_although_the_reason_is_the_same():
    before, after = (a_waiting("False", plan=each, message=each) for each in ("1", "2"))

    assert [each.message for each in announcements(before, after)] == ["2"]


def test_held_rollouts_are_announced_and_that_they_were_let_in():
    held = a_waiting("False", "RolloutsHeld", message="Deployment a.")
    done = a_waiting("True", "NothingWaits", message="No change waits.")

    assert announcements(a_status(), held) == (
        Announcement("Normal", "RolloutsHeld", "Deployment a."),
    )
    assert announcements(held, done) == (
        Announcement("Normal", "NothingWaits", "No change waits."),
    )


@pytest.mark.parametrize("before", [a_status(), a_waiting("Unknown"), a_waiting("True")])
def test_that_nothing_waits_is_no_news(before):
    assert announcements(before, a_waiting("True", "NothingWaits")) == ()


def test_spec_that_cannot_be_read_says_nothing_of_what_waits():
    assert announcements(a_waiting("False"), a_waiting("Unknown", "InvalidSpec")) == ()


IGNORED = {"kind": "FieldsIgnored", "reason": "UnknownField"}


def test_ignored_field_is_announced_as_a_warning():
    found = announcements(a_status(), a_status("True", message="spec.x", **IGNORED))

    assert found == (Announcement("Warning", "UnknownField", "spec.x"),)


def test_another_ignored_field_is_announced_although_the_reason_is_the_same():
    before, after = (a_status("True", message=each, **IGNORED) for each in ("spec.x", "spec.y"))

    assert [each.message for each in announcements(before, after)] == ["spec.y"]
    assert announcements(before, before) == ()


def test_end_of_ignored_fields_is_announced_once():
    before = a_status("True", message="spec.x", **IGNORED)
    after = a_status("False", kind="FieldsIgnored", reason="EverythingUsed", message="All.")

    assert announcements(before, after) == (Announcement("Normal", "EverythingUsed", "All."),)
    assert announcements(after, after) == ()
    assert announcements(a_status(), after) == ()


def test_spec_that_cannot_be_read_says_nothing_of_ignored_fields():
    before = a_status("True", message="spec.x", **IGNORED)
    after = a_status("Unknown", kind="FieldsIgnored", reason="InvalidSpec")

    assert announcements(before, after) == ()


def test_drift_that_is_left_is_announced_unless_the_status_says_it_already():
    known = Drifted(KEY, (Drift("spec.a", "kubectl", "1", "2"),))
    new = Drifted(KEY, (Drift("spec.b", "kubectl", "1", "2"),))
    before = a_status("True", message=f"{known}", kind="Drifted", reason="DriftReported")

    found = reported(before, [known, new])

    assert found == (Announcement("Warning", "DriftReported", str(new)),)
    assert [each.message for each in reported(a_status(), [known])] == [str(known)]


def test_fight_over_a_field_is_announced_once():
    fight = {"kind": "Contended", "reason": "FieldContended"}
    before, after = (a_status("True", message=each, **fight) for each in ("spec.a", "spec.b"))

    assert [each.type for each in announcements(a_status(), before)] == ["Warning"]
    assert announcements(before, after) == ()


def test_drift_that_was_changed_back_is_announced_for_each_object():
    one = Drifted(KEY, (Drift("spec.a", "kubectl", "1", "2"),))
    other = Drifted(ObjectKey("Role", "arkalia", "luna"), (Drift("rules", "kubectl", "1", "2"),))

    assert repaired([one, other]) == (
        Announcement("Normal", "DriftRepaired", f"{one}, and was changed back"),
        Announcement("Normal", "DriftRepaired", f"{other}, and was changed back"),
    )


def test_deletion_by_somebody_else_is_announced_for_each_object_that_is_back():
    assert recreated([KEY]) == (
        Announcement("Normal", "DriftRepaired", "Service luna was deleted, and was created again"),
    )
