from dataclasses import dataclass, field

import pytest
from pydantic import ValidationError

from arkalia_operator.cluster.lease import Terms
from arkalia_operator.runtime.checks import ELECTION_LIMIT, SWEEP_LIMIT, liveness, readiness
from arkalia_operator.settings import Settings


@dataclass
class Part:
    """Stands where the checks read a few numbers of a running part."""

    lag: float = 0.0
    stuck: float = 0.0
    alive_at: float = 0.0
    heard_at: float = 0.0
    age: float | None = None
    name: str = "pods"
    is_synced: bool = True
    informers: list = field(default_factory=list)
    lacking: str = ""

    def __str__(self):
        return self.name

    def each(self):
        return self.informers

    def stuck_seconds(self):
        return self.stuck

    def told(self):
        return self.lacking


def found(**parts):
    parts_there = {"pulse": Part(), "informers": Part(), "queue": Part(), "sweeper": Part()}
    parts = parts_there | {"election": None} | parts
    return {name: check(1000.0) for name, check in liveness(*parts.values()).items()}


def failing(**parts):
    return {name for name, each in found(**parts).items() if each.wrong}


def test_the_operator_is_alive_before_anything_happened():
    assert failing() == set()


def test_the_operator_is_not_alive_when_a_part_makes_no_progress():
    assert failing(pulse=Part(lag=6)) == {"loop"}
    assert failing(informers=Part(informers=[Part(alive_at=1.0)])) == {"informers"}
    assert failing(queue=Part(stuck=301)) == {"queue"}
    assert failing(sweeper=Part(alive_at=1.0)) == {"sweeper"}
    assert failing(election=Part(alive_at=1.0)) == {"election"}


def test_the_operator_is_alive_while_its_parts_try():
    assert failing(informers=Part(informers=[Part(alive_at=990.0)])) == set()


def test_liveness_tells_how_late_the_loop_and_how_old_watch_queue_and_lease_are():
    heard = [
        Part(alive_at=995.0, heard_at=990.0, name="jobs"),
        Part(alive_at=999.0, heard_at=999.0),
    ]
    seen = found(
        pulse=Part(lag=0.25),
        informers=Part(informers=[*heard, Part()]),
        queue=Part(stuck=2.5),
        election=Part(alive_at=999.0, age=3.0),
    )

    assert {name: each.told for name, each in seen.items()} == {
        "loop": "0.250 s late",
        "informers": "jobs: heard 10.0 s ago",
        "queue": "2.5 s old",
        "sweeper": "",
        "election": "leads, renewed 3.0 s ago",
    }


def test_liveness_tells_nothing_of_a_watch_that_was_never_heard():
    seen = found(informers=Part(informers=[Part(alive_at=900.0)]))["informers"]

    assert (seen.wrong, seen.told) == ("", "")


def test_liveness_says_that_another_operator_leads():
    assert found(election=Part(alive_at=999.0))["election"].told == "another operator leads"


def test_no_setting_makes_a_sweeper_that_waits_count_as_stuck():
    with_jitter = 1.1

    with pytest.raises(ValidationError):
        Settings(sweep_seconds=SWEEP_LIMIT / with_jitter)


def test_no_setting_makes_an_election_that_waits_count_as_stuck():
    terms = Terms(300)

    assert terms.renew_seconds + terms.answer_seconds < ELECTION_LIMIT
    with pytest.raises(ValidationError):
        Settings(lease_seconds=terms.lease_seconds + 1)


def test_the_operator_is_ready_once_it_knows_the_cluster():
    rights = Part()
    ready = readiness(Part(is_synced=True), rights, lambda: True)
    not_listed = readiness(Part(is_synced=False), rights, lambda: True)
    not_read = readiness(Part(is_synced=True), rights, lambda: False)

    assert not any(check(0.0).wrong for check in ready.values())
    assert not_listed["informers"](0.0).wrong
    assert not_read["resources"](0.0).wrong


def test_an_operator_that_may_not_read_its_resources_says_which_rule_is_missing():
    rights = Part(lacking="Add to its role: {verbs: [list]}.")
    not_read = readiness(Part(is_synced=False), rights, lambda: False)

    assert not_read["resources"](0.0).wrong.endswith("Add to its role: {verbs: [list]}.")


def test_an_operator_that_may_not_list_says_which_rule_is_missing():
    rights = Part(lacking="Add to its role: {verbs: [list]}.")
    not_listed = readiness(Part(is_synced=False), rights, lambda: True)

    assert not_listed["informers"](0.0).wrong.endswith("Add to its role: {verbs: [list]}.")
