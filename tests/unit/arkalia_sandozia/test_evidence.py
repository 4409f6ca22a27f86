"""Evidence: what is known, read once and looked up often."""

import pytest

from arkalia_sandozia import evidence
from arkalia_sandozia.evidence import SHORT, Evidence, Source


@pytest.fixture
def read(monkeypatch):
    """The texts that were read so far."""
    evidence._clauses_of.cache_clear()
    seen, original = [], evidence.clauses
    monkeypatch.setattr(evidence, "clauses", lambda text: seen.append(text) or original(text))
    return seen


def test_fact_is_read_once_however_often_it_is_told(read):
    fact = Source("fact", "orbit-17 replicas: 3")

    first, second = Evidence([fact]), Evidence([fact])

    assert read == [fact.text]
    assert [unit.clause for unit in first.units] == [unit.clause for unit in second.units]


def test_what_somebody_wrote_is_not_kept(read):
    for _ in range(2):
        Evidence([Source("context", "My name is Ada.")])

    assert read == ["My name is Ada."] * 2


def test_long_fact_is_not_kept(read):
    text = "The replicas of orbit-18 are ready. " * (SHORT // 36 + 1)

    for _ in range(2):
        Evidence([Source("fact", text)])

    assert len(text) > SHORT
    assert read == [text, text]
