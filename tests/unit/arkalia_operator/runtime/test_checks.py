from dataclasses import dataclass, field

from arkalia_operator.runtime.checks import liveness, readiness


@dataclass
class Part:
    """Stands where the checks read a few numbers of a running part."""

    lag: float = 0.0
    stuck: float = 0.0
    alive_at: float = 0.0
    is_synced: bool = True
    informers: list = field(default_factory=list)

    def each(self):
        return self.informers

    def stuck_seconds(self):
        return self.stuck


def failing(**parts):
    parts = {"pulse": Part(), "informers": Part(), "queue": Part(), "sweeper": Part()} | parts
    checks = liveness(*parts.values())
    return {name for name, check in checks.items() if check(1000.0)}


def test_the_operator_is_alive_before_anything_happened():
    assert failing() == set()


def test_the_operator_is_not_alive_when_a_part_makes_no_progress():
    assert failing(pulse=Part(lag=6)) == {"loop"}
    assert failing(informers=Part(informers=[Part(alive_at=1.0)])) == {"informers"}
    assert failing(queue=Part(stuck=301)) == {"queue"}
    assert failing(sweeper=Part(alive_at=1.0)) == {"sweeper"}


def test_the_operator_is_alive_while_its_parts_try():
    assert failing(informers=Part(informers=[Part(alive_at=990.0)])) == set()


def test_the_operator_is_ready_once_it_knows_the_cluster():
    ready = readiness(Part(is_synced=True), lambda: True)
    not_listed = readiness(Part(is_synced=False), lambda: True)
    not_read = readiness(Part(is_synced=True), lambda: False)

    assert not any(check(0.0) for check in ready.values())
    assert not_listed["informers"](0.0)
    assert not_read["resources"](0.0)
