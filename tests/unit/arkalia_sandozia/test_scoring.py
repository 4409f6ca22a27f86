"""Scores: witnesses add up, rules bound, and the weights that ship are those that were fitted."""

import math

import pytest

from arkalia_sandozia import scoring
from arkalia_sandozia.consistency import Agreement
from arkalia_sandozia.findings import Finding, Severity
from arkalia_sandozia.grounding import Doubt, Grounds, Kinds
from arkalia_sandozia.scoring import MOST_LOG_ODDS, Witness, score

WITNESSES = {"one": Witness(1.0, {"a": -2.0}), "two": Witness(0.5, {"b": -8.0})}


def broken(check, severity):
    return Finding(check, severity, 0, 1, "")


def test_witnesses_that_were_not_heard_leave_even_odds():
    assert score({}, [], WITNESSES) == 0.5


def test_log_odds_of_witnesses_are_added():
    found = score({"one": {"a": 0.25}, "two": {"b": 0.0}}, [], WITNESSES)

    assert math.log(found / (1 - found)) == pytest.approx(1.0)


def test_nobody_is_surer_than_the_fit_allows():
    certain = {"sure": Witness(100.0, {})}

    assert score({"sure": {}}, [], certain) == pytest.approx(1 / (1 + math.exp(-MOST_LOG_ODDS)))


@pytest.mark.parametrize("rule", sorted(scoring.RULES))
@pytest.mark.parametrize(("severity", "most"), list(scoring.BOUNDS.items()))
def test_broken_rule_bounds_the_score_by_how_bad_it_is(rule, severity, most):
    certain = {"sure": Witness(100.0, {})}

    assert score({"sure": {}}, [broken(f"{rule}/x", severity)], certain) <= most


def test_doubts_of_witnesses_count_by_their_weights_and_not_as_rules():
    findings = [broken("grounding/number", Severity.HIGH)]

    assert score({"one": {"a": 0.0}}, findings, WITNESSES) > 0.5


def test_features_of_the_evidence_are_the_strongest_of_each_kind():
    doubts = [
        Doubt(Kinds.NUMBER, 0.4, 0, 1, "1"),
        Doubt(Kinds.NUMBER, 0.9, 2, 3, "2"),
        Doubt(Kinds.UNKNOWN_NAME, 1.0, 4, 5, "x"),
    ]
    found = Grounds(doubts, claims=6, supported=3, words=10, known_words=8)

    features = scoring.of_grounds(found)

    assert features["number"] == 0.9
    assert features["negation"] == 0
    assert features["doubts"] == pytest.approx(2 / 3)
    assert features["unsupported"] == 0.5
    assert features["unknown_words"] == pytest.approx(0.2)


def test_features_of_nothing_are_nothing():
    assert set(scoring.of_grounds(Grounds()).values()) == {0.0}
    assert set(scoring.of_agreement(Agreement(())).values()) == {0.0}
    assert scoring.of_contradictions([]) == {"likeness": 0.0}


def test_every_witness_that_can_be_heard_ships_with_a_weight_for_each_of_its_features():
    shipped = scoring.calibrated()

    assert shipped["grounding"].weights.keys() == scoring.of_grounds(Grounds()).keys()
    assert shipped["samples"].weights.keys() == scoring.of_agreement(Agreement(())).keys()
    assert shipped["consistency"].weights.keys() == scoring.of_contradictions([]).keys()
