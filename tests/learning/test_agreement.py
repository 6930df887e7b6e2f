"""Agreement, worked out by hand."""

import numpy as np
import pytest

from radloop.learning.agreement import cyclic_distance, dice, dice_of_structures, wilson
from radloop.learning.recurrence import flicker


def test_dice_of_half_overlapping_squares_is_a_half():
    a, b = np.zeros((4, 4, 1, 1), np.uint8), np.zeros((4, 4, 1, 1), np.uint8)
    a[:2], b[1:3] = 3, 3
    assert dice(a, b, 3) == 0.5
    assert dice_of_structures(a, b) == {"lv": 0.5, "myo": 1.0, "rv": 1.0}


def test_a_structure_in_one_of_two_maps_has_dice_zero():
    a, b = np.zeros((4, 4, 1, 1), np.uint8), np.zeros((4, 4, 1, 1), np.uint8)
    a[0] = 1
    assert dice(a, b, 1) == 0


@pytest.mark.parametrize(("a", "b", "n", "expected"), [(1, 30, 30, 1), (1, 1, 12, 0), (4, 11, 12, 5), (2, 17, 30, 15)])
def test_frames_of_a_cycle_are_apart_the_shorter_way_round(a, b, n, expected):
    assert cyclic_distance(a, b, n) == cyclic_distance(b, a, n) == expected


def test_wilson_interval_of_48_in_50():
    # Wilson (1927), by hand: centre 0.9272, half width 0.0618.
    assert wilson(48, 50) == pytest.approx((0.8654, 0.9890), abs=5e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_flicker_of_a_smooth_cycle_is_small_and_of_an_alternating_one_large():
    phase = 2 * np.pi * np.arange(30) / 30
    assert flicker(100 + 30 * np.cos(phase)) < 1.5
    assert flicker(np.array([100.0, 90.0] * 15)) == pytest.approx(200)
    assert flicker(np.full(10, 7.0)) == 0
