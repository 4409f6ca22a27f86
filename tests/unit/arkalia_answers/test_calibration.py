"""What ships is what is fitted, and the figures are those of the family that is held out."""

import json
from pathlib import Path

import pytest

from arkalia_answers import calibration, dataset, fitting, phrasings
from arkalia_answers.calibration import KINDS, judged, witness
from arkalia_answers.held_out import FAMILY, NAMES
from arkalia_sandozia import scoring

ROOT = Path(__file__).resolve().parents[3]
FIGURES = json.loads((ROOT / "dev/arkalia_answers/figures.json").read_text("utf-8"))["figures"]


@pytest.mark.parametrize(
    "name", ["consistency", "samples", pytest.param("grounding", marks=pytest.mark.soak)]
)
def test_weights_that_ship_are_those_that_are_fitted(name):
    fitted, shipped = witness(name), scoring.calibrated()[name]

    assert fitted.intercept == pytest.approx(shipped.intercept, abs=2e-3)
    assert fitted.weights == pytest.approx(dict(shipped.weights), abs=2e-3)


def test_figures_are_those_that_are_measured():
    measured = judged("consistency", scoring.calibrated()["consistency"])

    assert measured["area"] == pytest.approx(FIGURES["consistency"]["area"], abs=2e-3)
    assert measured["found"] == pytest.approx(FIGURES["consistency"]["found"], abs=5e-3)


def test_scores_of_evidence_tell_right_from_wrong_on_phrasings_that_were_never_seen(monkeypatch):
    monkeypatch.setitem(KINDS, "grounding", calibration.Kind(dataset.grounded, 0, 120))

    found = judged("grounding", scoring.calibrated()["grounding"])

    assert found["area"] > 0.85
    assert found["calibration_error"] < 0.2


def sentences(family):
    groups = (*family.evidence.values(), *family.answers.values())
    return {each for group in groups for each in group} | {*family.fillers, *family.prompts}


def test_family_that_is_held_out_shares_no_answer_and_no_name_with_the_others():
    others = (phrasings.FIT, phrasings.SECOND, phrasings.THIRD)
    told = {each for family in others for group in family.answers.values() for each in group}
    own = {each for group in FAMILY.answers.values() for each in group}
    names = {each for split in dataset.SPLITS for each in split.names.modules}

    assert own & told == set()
    assert names & set(NAMES.modules) == set()


def test_examples_come_again_and_every_second_one_holds():
    first, second = (dataset.grounded(dataset.FIT, 20) for _ in range(2))

    assert first == second
    assert [each.holds for each in first] == [True, False] * 10
    assert all(each.mutation for each in first if not each.holds)


def test_regression_finds_the_odds_that_it_is_shown():
    rows = [(0.0,)] * 100 + [(1.0,)] * 100
    holds = [True] * 90 + [False] * 10 + [True] * 20 + [False] * 80

    intercept, weight = fitting.fitted(rows, holds, ridge=1e-9)

    assert intercept == pytest.approx(2.197, abs=1e-3)  # log(9)
    assert intercept + weight == pytest.approx(-1.386, abs=1e-3)  # log(1/4)
