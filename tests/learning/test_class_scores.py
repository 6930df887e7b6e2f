"""Figures of classifiers, against values worked out by hand."""

import numpy as np
import pytest

from radloop.chest.film_set import LabelledFilm
from radloop.learning.class_scores import (
    Judged,
    at_prevalence,
    auc,
    calibration_error,
    excess_calibration_error,
    interval,
    mean_auc,
    summarise,
)
from radloop.learning.thumbnails import linear_auc, thumbnail
from radloop.models import Reading


def test_auc_counts_pairs_in_order_and_ties_as_half():
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert auc(scores, positive) == 0.75  # three of the four pairs
    assert auc(np.array([1.0, 1.0, 1.0, 2.0]), positive) == 0.75  # two ties, two wins
    assert auc(scores, np.array([True] * 4)) is None


def test_mean_auc_of_three_classes_is_each_against_the_rest():
    truth = np.array([0, 1, 2, 2])
    shares = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.3, 0.2]])
    assert mean_auc(shares, truth) == pytest.approx((1 + 1 + 1) / 3)


def test_the_interval_is_wider_when_patients_have_many_films():
    random = np.random.default_rng(1)
    truth = np.repeat(random.integers(0, 2, 40), 5)
    score = np.clip(0.4 + 0.2 * truth + np.repeat(random.normal(0, 0.2, 40), 5), 0, 1)
    shares = np.stack([1 - score, score], axis=1)
    wide = interval(shares, truth, [str(n // 5) for n in range(200)])
    narrow = interval(shares, truth, [str(n) for n in range(200)])
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])
    assert wide[0] < mean_auc(shares, truth) < wide[1]


def test_calibration_error_by_hand():
    confidence = np.repeat([0.2, 0.9], 50)
    right = np.concatenate([np.arange(50) < 10, np.arange(50) < 25])  # 0.2 as said, 0.5 where 0.9 was said
    assert calibration_error(confidence, right) == pytest.approx(0.2)  # half of the films, off by 0.4
    sure = np.repeat(0.5, 1000)
    assert calibration_error(sure, np.tile([True, False], 500)) == pytest.approx(0, abs=1e-12)


def test_a_perfectly_calibrated_model_has_no_excess_and_an_overconfident_one_has():
    random = np.random.default_rng(0)
    said = random.random(3000)
    was = random.random(3000) < said
    assert excess_calibration_error(said, was) == pytest.approx(0, abs=0.02)
    assert excess_calibration_error(np.clip(1.6 * (said - 0.5) + 0.5, 0, 1), was) > 0.05


def test_moving_to_the_shares_of_a_set_is_bayes_rule():
    moved = at_prevalence(np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 0, 0, 1]), prior=0.5)
    np.testing.assert_allclose(moved[:, 1], [0.25, 0.8 / (0.8 + 0.2 * 3)])


def judged(label, share, called, abstained=False):
    film = LabelledFilm("f", label, np.zeros((30, 30), np.uint8))
    return Judged(film, Reading({"a": 1 - share, "b": share}, None if abstained else called, abstained, ""))


def test_what_depends_on_the_label_counts_answered_films_only():
    films = [
        judged("a", 0.1, "a"),
        judged("a", 0.7, "b"),
        judged("b", 0.9, "b"),
        judged("b", 0.2, None, abstained=True),
    ]
    films.append(Judged(films[0].film, None, "cannot be read"))
    found = summarise(films, {"classes": ["a", "b"], "prior": 0.5})
    assert found["confusion"] == [[1, 1], [0, 1]]
    assert found["accuracy"]["share"] == pytest.approx(2 / 3)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["auc"] == 0.75
    assert found["auc_answered"] == 1.0
    assert found["not_answered"]["films"] == 2


def test_a_linear_model_finds_a_bright_corner_and_nothing_in_noise():
    random = np.random.default_rng(0)

    def part(n, signal):
        truth = random.integers(0, 2, n)
        films = random.normal(size=(n, 60, 50)).astype(np.float32)
        films[truth == 1, :20, :20] += signal
        return [thumbnail(film) for film in films], truth.tolist()

    assert linear_auc(part(120, 0.6), part(60, 0.6), part(100, 0.6), 2) > 0.95
    assert linear_auc(part(120, 0), part(60, 0), part(100, 0), 2) == pytest.approx(0.5, abs=0.15)
