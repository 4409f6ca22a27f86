"""What is known of schemas, from what was written down and what Jobs did."""

from arkalia_operator.desired.schemas import Remembered, Schema, written
from arkalia_operator.planning.observed import ChildRecord, JobState, ObjectKey, Observed
from arkalia_operator.planning.schemas import remembered
from builders import a_system

SYSTEM = a_system()
OLD, NEW = (Schema(each, f"alpha:{each}", "d-1", each) for each in ("0.1.0", "0.2.0"))
MEMORY = ObjectKey("ConfigMap", "arkalia", "luna-schemas")
JOB = ObjectKey("Job", "arkalia", "luna-alpha-migrate-1")


def a_record(key, schema, **fields):
    text = schema if isinstance(schema, str) else written(schema)
    values = {"owner_uid": SYSTEM.uid, "schemas": {"alpha": text}, "module": "alpha"}
    return ChildRecord(key, "uid", "1", 1, fingerprint=b"", **values | fields)


def known(*records):
    return remembered(SYSTEM, Observed(children={each.key: each for each in records}))


def a_job(schema=NEW, **fields):
    state = fields.pop("job", JobState(succeeded=True))
    return a_record(JOB, schema, job=state, **fields)


def test_nothing_is_known_of_an_empty_cluster():
    assert known() == Remembered()


def test_what_was_written_down_is_known():
    assert known(a_record(MEMORY, OLD, owner_uid="")) == Remembered({"alpha": OLD})


def test_job_that_succeeded_knows_better_than_what_was_written_down():
    found = known(a_record(MEMORY, OLD), a_job())

    assert found == Remembered({"alpha": NEW}, {"alpha": JOB.name}, saved=False)


def test_job_whose_result_is_written_down_is_saved():
    assert known(a_record(MEMORY, NEW), a_job()).saved


def test_job_that_has_not_succeeded_changes_nothing():
    found = known(a_record(MEMORY, OLD), a_job(job=JobState(failed=True)))

    assert found == Remembered({"alpha": OLD})


def test_job_of_an_earlier_system_changes_nothing():
    assert known(a_job(owner_uid="uid-0")) == Remembered()


def test_job_that_moves_no_schema_changes_nothing():
    assert known(a_job(schemas={})) == Remembered()


def test_what_somebody_else_wrote_is_not_known():
    assert known(a_record(MEMORY, "not mine")) == Remembered()


def test_job_of_which_a_pod_runs_is_at_work():
    assert known(a_job(job=JobState(working=True))).working == {JOB.name}
    assert known(a_job(job=JobState())).working == frozenset()
