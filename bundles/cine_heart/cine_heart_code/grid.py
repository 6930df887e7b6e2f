"""The order of a picture's pixels, and one order for all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class InPlaneOrder:
    """How the first two axes of (X, Y, ...) have to be swapped and turned to run in the standard order.

    Standard is: the first axis is the one that runs more along the patient's left-right direction, towards
    the left (the convention of DICOM's rows), the second towards the back or the feet. Slices keep their order.
    """

    swap: bool
    flip: tuple[bool, bool]

    @classmethod
    def of(cls, affine: NDArray[np.float64]) -> "InPlaneOrder":
        """The order of a picture with this affine (RAS+, millimetres)."""
        directions = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0).clip(1e-9)
        # Two in-plane directions of one exam never have the same share of left-right but for exact ties,
        # which rounding must not decide.
        swap = bool(abs(directions[0, 1]) > abs(directions[0, 0]) + 1e-3)
        first, second = directions[:, [1, 0] if swap else [0, 1]].T
        return cls(swap, (_runs_backwards(first, 0), _runs_backwards(second, 1)))

    def apply(self, x: Tensor) -> Tensor:
        """(X, Y, ...) of the file to the standard order."""
        if self.swap:
            x = x.transpose(0, 1)
        axes = [i for i in (0, 1) if self.flip[i]]
        return x.flip(axes) if axes else x

    def undo(self, x: Tensor) -> Tensor:
        """(X, Y, ...) in the standard order back to that of the file."""
        axes = [i for i in (0, 1) if self.flip[i]]
        x = x.flip(axes) if axes else x
        return x.transpose(0, 1) if self.swap else x

    def affine(self, affine: NDArray[np.float64]) -> NDArray[np.float64]:
        """The affine's columns in the standard order; its translation is left as it is."""
        return affine[:, [1, 0, 2, 3]] if self.swap else affine


def _runs_backwards(direction: NDArray[np.float64], axis: int) -> bool:
    """Whether a direction (RAS) points against left (axis 0), or against back and feet (axis 1)."""
    if axis == 0:
        return bool(direction[0] > 1e-3 or (abs(direction[0]) <= 1e-3 and direction[1:].sum() > 0))
    return bool(direction[1] + direction[2] > 0)
