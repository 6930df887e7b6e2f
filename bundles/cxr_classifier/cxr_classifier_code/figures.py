"""Figures of how well classes are told apart, from scores and truth."""

import numpy as np
from numpy.typing import NDArray


def auc(score: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """The share of pairs, one positive and one not, in which the positive has the higher score; ties count half.

    NaN where either is missing.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    yes, no = score[positive], np.sort(score[~positive])
    if not len(yes) or not len(no):
        return float("nan")
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.mean() / (2 * len(no)))


def mean_auc(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Of (N, classes) scores: with two classes the AUC of the second, else the mean of each class against the rest."""
    if scores.shape[1] == 2:
        return auc(scores[:, 1] - scores[:, 0], labels == 1)
    return float(np.nanmean([auc(scores[:, k], labels == k) for k in range(scores.shape[1])]))


def auc_error(area: float, positives: int, negatives: int) -> float:
    """Standard error of an AUC (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / max(1, positives * negatives)))


def sensitivity_specificity(positive: NDArray[np.bool_], called: NDArray[np.bool_]) -> tuple[float, float]:
    return float(called[positive].mean()), float((~called[~positive]).mean())


def calibration_error(probability: NDArray[np.floating], positive: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass: mean distance of stated probability and observed share."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probability[part].mean() - positive[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(order))
