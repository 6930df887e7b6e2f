"""Pictures that are copies of one another, told from their pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE, COARSE = 32, 8

COPY = 0.95
"""Correlation of fine structure from which two films count as one. Measured: films of different patients in ``cxr``
reach .90 at most, between training and validation part of ``pneumoniamnist`` .89; copies that were made smaller and
compressed anew, brighter or darker, or given another gamma (1.4) keep .967 or more."""


def copies(prints: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Pairs (first before second) of the rows of ``fingerprints`` that are copies of one film."""
    pairs: list[tuple[int, int]] = []
    step = 512
    for first in range(0, len(prints), step):
        alike = prints[first : first + step] @ prints[first:].T > COPY
        for i, j in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
            pairs.append((first + int(i), first + int(j)))
    return pairs


def fingerprints(thumbnails: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The fine structure of each thumbnail (``SIDE``, ``SIDE``), of length 1: (N, ``SIDE`` squared)."""
    pictures = np.stack([np.asarray(thumbnail, np.float32) for thumbnail in thumbnails])
    block = SIDE // COARSE
    coarse = pictures.reshape(-1, COARSE, block, COARSE, block).mean(axis=(2, 4))
    fine = pictures - _enlarged(_enlarged(coarse, 1), 2)
    fine = fine.reshape(len(fine), -1)
    fine -= fine.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(fine, axis=1, keepdims=True)
    return np.asarray(fine / np.maximum(lengths, 1e-6 * (1 + np.abs(pictures).max())), np.float32)


def _enlarged(pictures: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """``COARSE`` to ``SIDE`` along an axis, linearly between the centres of blocks."""
    at = (np.arange(SIDE) + 0.5) * COARSE / SIDE - 0.5
    below = np.clip(np.floor(at).astype(int), 0, COARSE - 2)
    share = np.clip(at - below, 0, 1).astype(np.float32)
    shape = [1, 1, 1]
    shape[axis] = SIDE
    share = share.reshape(shape)
    return np.asarray(pictures.take(below, axis) * (1 - share) + pictures.take(below + 1, axis) * share, np.float32)
