"""Why a Job is not done, in words for who waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.findings import (
    Finding,
    image_trouble,
    schedule_trouble,
    start_trouble,
)
from arkalia_operator.planning.observed import ChildRecord, Observed, PodRecord


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a Job is for, as reasons."""

    running: Reason
    failed: Reason


MIGRATION: Final = Purpose(Reason.MIGRATING, Reason.MIGRATION_FAILED)
PROVISIONING: Final = Purpose(Reason.PROVISIONING, Reason.PROVISIONING_FAILED)
REFUSED: Final = "exit code 77"
"""How the programs that prepare a data service end when it answers, and refuses (their images)."""


def purpose_of(record: ChildRecord) -> Purpose:
    """What the Job *record* is for: a module's own moves its schema."""
    return MIGRATION if record.module else PROVISIONING


def job_finding(record: ChildRecord, observed: Observed) -> Finding | None:
    """Why the Job *record* is not done; None if it has succeeded, or is no Job."""
    job, purpose = record.job, purpose_of(record)
    if job is None or job.succeeded:
        return None
    pods = pods_of(record, observed)
    if job.failed:
        said = _last_words(pods) or job.message or job.reason
        return Finding(purpose.failed, f"{record.key} failed: {said}", doomed=True)
    trouble = image_trouble(pods, "") or start_trouble(pods) or schedule_trouble(pods)
    if trouble is not None:
        return trouble
    message = f"{record.key} {_course(pods)}"
    if purpose is PROVISIONING and any(each.last_exit.endswith(REFUSED) for each in pods):
        return Finding(purpose.failed, message, doomed=True)
    return Finding(purpose.running, message, doomed=False)


def pods_of(record: ChildRecord, observed: Observed) -> list[PodRecord]:
    """The pods that the Job *record* made, in the order of their names."""
    found = (each for each in observed.pods if each.job == record.key.name)
    return sorted(found, key=lambda each: each.name)


def _course(pods: Sequence[PodRecord]) -> str:
    said = _last_words(pods)
    if said:
        return f"tries again after it failed: {said}"
    return "runs" if pods else "has no pod yet"


def _last_words(pods: Sequence[PodRecord]) -> str:
    """What a pod that ended said, or at least how it ended."""
    said = [each.last_words or each.last_exit for each in pods if each.last_exit]
    return said[0] if said else ""
