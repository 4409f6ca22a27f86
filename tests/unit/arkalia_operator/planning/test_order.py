"""What an object waits for."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from arkalia_operator.planning.observed import (
    ChildRecord,
    JobState,
    ObjectKey,
    Observed,
    RolloutProgress,
)
from arkalia_operator.planning.order import awaited, is_done
from builders import a_module, a_system, rendered

DEPLOYMENT = ObjectKey("Deployment", "arkalia", "luna-alpha")
JOB = ObjectKey("Job", "arkalia", "luna-postgresql-1")
SECRET = ("Secret", "luna-alpha-data")


def a_record(kind="Job", **fields):
    values = {
        "uid": "uid-of-it", "resource_version": "1", "generation": 1, "owner_uid": "uid-1",
        "fingerprint": b"",
    }  # fmt: skip
    return ChildRecord(ObjectKey(kind, "arkalia", "luna-postgresql-1"), **values | fields)


def behind(*before):
    desired = rendered(a_system(), a_module())
    return replace(desired, after=MappingProxyType({("Deployment", "luna-alpha"): before}))


@pytest.mark.parametrize(
    ("record", "done"),
    [
        pytest.param(None, False, id="absent"),
        pytest.param(a_record("ConfigMap"), True, id="there"),
        pytest.param(a_record("ConfigMap", deleting=True), False, id="on its way out"),
        pytest.param(a_record(job=JobState()), False, id="job that runs"),
        pytest.param(a_record(job=JobState(failed=True)), False, id="job that gave up"),
        pytest.param(a_record(job=JobState(succeeded=True)), True, id="job that succeeded"),
        pytest.param(
            a_record(job=JobState(succeeded=True), owner_uid="uid-0"), False,
            id="job of an earlier system",
        ),
        pytest.param(a_record("StatefulSet"), False, id="set without a status"),
        pytest.param(a_record("StatefulSet", rollout=RolloutProgress()), False, id="set without pods"),
        pytest.param(a_record("StatefulSet", rollout=RolloutProgress(ready=1)), True, id="set that serves"),
    ],
)  # fmt: skip
def test_what_comes_after_an_object_begins_when_it_is_done(record, done):
    assert is_done(record, "uid-1") is done


def test_object_waits_for_what_is_not_done_yet():
    observed = Observed(children={JOB: a_record(job=JobState())})

    found = awaited(DEPLOYMENT, behind((JOB.kind, JOB.name)), observed, "uid-1")

    assert found == (JOB,)


def test_object_whose_jobs_have_succeeded_waits_for_nothing():
    observed = Observed(children={JOB: a_record(job=JobState(succeeded=True))})

    assert awaited(DEPLOYMENT, behind((JOB.kind, JOB.name)), observed, "uid-1") == ()


def test_secret_is_left_to_the_pods_that_read_it():
    assert awaited(DEPLOYMENT, behind(SECRET), Observed(), "uid-1") == ()


def test_object_with_nothing_before_it_waits_for_nothing():
    assert awaited(JOB, behind(SECRET), Observed(), "uid-1") == ()


@pytest.mark.parametrize(
    ("module", "state", "waits"),
    [
        ("alpha", JobState(), True),
        ("alpha", JobState(succeeded=True), True),
        ("gamma", JobState(), False),
        ("alpha", None, False),
    ],
    ids=["that runs", "that is over", "of another module", "that is no job"],
)
def test_job_starts_when_no_other_job_of_its_module_is_left(module, state, waits):
    mine = ObjectKey("Job", "arkalia", "luna-alpha-migrate-2")
    desired = replace(behind(), alone={("Job", mine.name): "alpha"})
    other = a_record(module=module, job=state)
    observed = Observed(children={JOB: other, mine: replace(other, key=mine)})

    assert awaited(mine, desired, observed, "uid-1") == ((JOB,) if waits else ())
