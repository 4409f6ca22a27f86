"""Figures: what they are where they are known."""

import pytest

from arkalia_answers.figures import area, calibration_error, reliability


def test_area_is_one_if_every_right_answer_is_above_every_wrong_one():
    assert area([(0.9, True), (0.8, True), (0.2, False)]) == 1


def test_area_is_a_half_if_scores_say_nothing():
    assert area([(0.5, True), (0.5, False), (0.5, True), (0.5, False)]) == 0.5


def test_area_counts_pairs_in_the_right_order():
    assert area([(0.9, True), (0.6, False), (0.4, True), (0.1, False)]) == 0.75


def test_calibration_error_is_the_distance_from_the_share_that_holds():
    assert calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]) == 0
    assert calibration_error([(0.9, False), (0.9, True)]) == pytest.approx(0.4)


def test_bins_tell_mean_score_share_and_number():
    assert reliability([(0.0, False), (0.04, False), (1.0, True)]) == [
        (0.02, 0.0, 2),
        (1.0, 1.0, 1),
    ]
