"""What a linear model sees in thumbnails: the least that a network has to beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from radloop.chest.likeness import SIDE
from radloop.learning.class_scores import mean_auc

PULLS = (10.0, 100.0, 1000.0, 10000.0)
"""Strengths of the ridge that are tried; the validation part chooses."""

Thumbnails = NDArray[np.float32]


def thumbnail(pixels: NDArray[np.float32]) -> Thumbnails:
    """The whole film (x, y) as ``SIDE`` x ``SIDE`` (rows, columns), mean 0 and standard deviation 1."""
    from PIL import Image

    small = Image.fromarray(np.ascontiguousarray(pixels.T)).resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float32)
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0), np.float32)


def linear_auc(
    train: tuple[Sequence[Thumbnails], Sequence[int]],
    val: tuple[Sequence[Thumbnails], Sequence[int]],
    judged: tuple[Sequence[Thumbnails], Sequence[int]],
    n_classes: int,
) -> float | None:
    """``mean_auc`` on ``judged`` of ridge regression on the classes, fitted on ``train``; each: thumbnails, classes."""
    seen, truth = _flat(train[0]), np.asarray(train[1])
    middle = seen.mean(axis=0)
    wanted = np.eye(n_classes)[truth]
    weight = 1 / np.maximum(np.bincount(truth, minlength=n_classes), 1)[truth]  # classes weigh alike
    root = np.sqrt(weight * len(truth) / n_classes)[:, None]
    inputs = (seen - middle) * root
    gram, goal = inputs.T @ inputs, inputs.T @ ((wanted - 1 / n_classes) * root)
    found = []
    for pull in PULLS:
        weights = np.linalg.solve(gram + pull * np.eye(len(gram)), goal)

        def area(
            part: tuple[Sequence[Thumbnails], Sequence[int]], weights: NDArray[np.float64] = weights
        ) -> float | None:
            return mean_auc((_flat(part[0]) - middle) @ weights, np.asarray(part[1], np.int64))

        found.append((area(val) or 0.0, area(judged)))
    return max(found, key=lambda one: one[0])[1]


def _flat(thumbnails: Sequence[Thumbnails]) -> NDArray[np.float64]:
    return np.stack(thumbnails).reshape(len(thumbnails), -1).astype(np.float64)
