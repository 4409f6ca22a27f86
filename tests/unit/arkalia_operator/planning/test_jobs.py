"""Why a Job is not done."""

import pytest

from arkalia_operator.planning.jobs import job_finding
from arkalia_operator.planning.observed import (
    ChildRecord,
    JobState,
    ObjectKey,
    Observed,
    PodRecord,
)

KEY = ObjectKey("Job", "arkalia", "luna-alpha-migrate-1")


def a_record(module="alpha", **state):
    return ChildRecord(KEY, "uid", "1", 1, "uid-1", b"", module=module, job=JobState(**state))


def a_pod(name="luna-alpha-migrate-1-x", job=KEY.name, **fields):
    return PodRecord(name=name, module="", ready=False, job=job, **fields)


def told(record, *pods):
    found = job_finding(record, Observed(pods=pods))
    return (str(found.reason), found.doomed, found.message) if found else None


def test_job_that_succeeded_has_nothing_to_tell():
    assert told(a_record(succeeded=True), a_pod(finished=True)) is None


def test_object_that_is_no_job_has_nothing_to_tell():
    assert told(ChildRecord(KEY, "uid", "1", 1, "uid-1", b"")) is None


@pytest.mark.parametrize(
    ("record", "pods", "expected"),
    [
        pytest.param(
            a_record(), [a_pod()], ("Migrating", False, "Job luna-alpha-migrate-1 runs"), id="runs",
        ),
        pytest.param(
            a_record(module=""), [a_pod()], ("Provisioning", False, "Job luna-alpha-migrate-1 runs"),
            id="of the system",
        ),
        pytest.param(
            a_record(), [a_pod(last_exit="Error, exit code 1", last_words="no such column")],
            ("Migrating", False,
             "Job luna-alpha-migrate-1 tries again after it failed: no such column"),
            id="tries again",
        ),
        pytest.param(
            a_record(module=""),
            [a_pod(last_exit="Error, exit code 77", last_words="correct the password"), a_pod("y")],
            ("ProvisioningFailed", True,
             "Job luna-alpha-migrate-1 tries again after it failed: correct the password"),
            id="refused by its data service",
        ),
        pytest.param(
            a_record(), [a_pod(last_exit="Error, exit code 77", last_words="no such column")],
            ("Migrating", False,
             "Job luna-alpha-migrate-1 tries again after it failed: no such column"),
            id="module's own code",
        ),
        pytest.param(
            a_record(failed=True, reason="BackoffLimitExceeded", message="has reached its limit"),
            [a_pod("b", last_exit="exit code 1", last_words="no such table"), a_pod("a")],
            ("MigrationFailed", True, "Job luna-alpha-migrate-1 failed: no such table"),
            id="gave up with words",
        ),
        pytest.param(
            a_record(failed=True), [a_pod(last_exit="OOMKilled, exit code 137")],
            ("MigrationFailed", True,
             "Job luna-alpha-migrate-1 failed: OOMKilled, exit code 137"),
            id="gave up in silence",
        ),
        pytest.param(
            a_record(module="", failed=True, reason="R", message="has reached its limit"), [],
            ("ProvisioningFailed", True, "Job luna-alpha-migrate-1 failed: has reached its limit"),
            id="gave up, and its pods are gone",
        ),
        pytest.param(
            a_record(failed=True, reason="DeadlineExceeded"), [],
            ("MigrationFailed", True, "Job luna-alpha-migrate-1 failed: DeadlineExceeded"),
            id="gave up with a reason only",
        ),
        pytest.param(
            a_record(), [a_pod(waiting_reason="ErrImagePull", waiting_message="not found")],
            ("ImageCannotBePulled", True, "pod luna-alpha-migrate-1-x: ErrImagePull: not found"),
            id="no image",
        ),
        pytest.param(
            a_record(), [a_pod(waiting_reason="CreateContainerConfigError", waiting_message="m")],
            ("ContainerCannotStart", True,
             "pod luna-alpha-migrate-1-x: CreateContainerConfigError: m"),
            id="cannot start",
        ),
        pytest.param(
            a_record(), [a_pod(unschedulable="0/1 nodes")],
            ("PodCannotBeScheduled", False, "pod luna-alpha-migrate-1-x: 0/1 nodes"),
            id="no node",
        ),
        pytest.param(
            a_record(), [a_pod(job="another", unschedulable="0/1 nodes")],
            ("Migrating", False, "Job luna-alpha-migrate-1 has no pod yet"),
            id="pod of another job",
        ),
    ],
)  # fmt: skip
def test_job_that_is_not_done_says_why(record, pods, expected):
    assert told(record, *pods) == expected
