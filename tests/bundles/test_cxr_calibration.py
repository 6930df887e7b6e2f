"""Probabilities, thresholds and figures, against values worked out by hand or made to be known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cxr_classifier_code.calibration import best_threshold, calibrate, fit_temperature, probabilities
from cxr_classifier_code.figures import auc, auc_error, calibration_error, mean_auc


def test_auc_of_four_films_by_hand():
    # Pairs (positive, negative): .8 beats both, .35 beats one of two: 3 of 4.
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])) == 0.75


def test_a_tie_counts_half():
    assert auc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_turned_round_is_the_rest_to_one(pairs):
    score, positive = np.array([p[0] for p in pairs], float), np.array([p[1] for p in pairs])
    if positive.all() or not positive.any():
        assert np.isnan(auc(score, positive))
    else:
        assert auc(-score, positive) == pytest.approx(1 - auc(score, positive))
        assert auc(score**3, positive) == pytest.approx(auc(score, positive))


def test_three_classes_told_apart_have_a_mean_auc_of_one():
    labels = np.array([0, 1, 2, 0, 1, 2])
    assert mean_auc(np.eye(3)[labels], labels) == 1


def test_the_error_of_an_auc_shrinks_with_the_films():
    assert auc_error(0.9, 100, 100) == pytest.approx(0.0222, abs=0.001)
    assert auc_error(0.9, 400, 400) == pytest.approx(auc_error(0.9, 100, 100) / 2, rel=0.05)


def test_calibration_error_by_hand():
    # Ten films said to be .8, of which six are positive; ten said to be .2, of which two are.
    stated = np.repeat([0.8, 0.2], 10)
    positive = np.array([True] * 6 + [False] * 4 + [True] * 2 + [False] * 8)
    assert calibration_error(stated, positive, bins=2) == pytest.approx(0.1)


def test_a_known_temperature_is_found_whatever_the_share_of_the_classes():
    chance = torch.Generator().manual_seed(0)
    log_odds = 2 * torch.randn(60_000, generator=chance)
    labels = (torch.rand(60_000, generator=chance) < torch.sigmoid(log_odds)).long()
    # What a network says that is three times too sure; two in three of the normal films are then lost.
    keep = (labels == 1) | (torch.rand(60_000, generator=chance) < 1 / 3)
    logits = torch.stack((torch.zeros_like(log_odds), 3 * log_odds), dim=1)[keep]
    temperature, shifts = fit_temperature(logits, labels[keep])
    assert temperature == pytest.approx(3, rel=0.03)
    assert shifts == pytest.approx([0, 0], abs=0.05)


def test_probabilities_follow_temperature_and_bias_by_hand():
    about = {"temperature": 2.0, "bias": np.log(3.0)}
    # Log odds 2 / 2 = 1 and log 3 more: odds of 3 e.
    (found,) = probabilities(np.array([[0.0, 2.0]]), about)
    assert found[1] == pytest.approx(3 * np.e / (1 + 3 * np.e))
    assert found.sum() == pytest.approx(1)


def test_the_threshold_lies_midway_between_classes_that_mirror_each_other():
    score = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    assert best_threshold(score, score > 0) == pytest.approx(0, abs=0.05)


def test_a_threshold_for_a_sensitivity_looks_at_positive_films_alone():
    positive = np.linspace(0, 1, 101)
    for negative in (-5.0, 0.5):
        score = np.append(positive, np.full(20, negative))
        known = np.arange(121) < 101
        assert best_threshold(score, known, 0.9) == pytest.approx(0.1)


def test_a_label_of_three_classes_needs_no_threshold():
    logits = torch.eye(3).repeat(20, 1) * 4
    about = calibrate(logits, torch.arange(60) % 3, ["a", "b", "c"])
    assert about["positive"] is None
    assert about["threshold"] is None
    assert len(about["bias"]) == 3
    assert about["prior"] == pytest.approx(1 / 3, abs=1e-4)
