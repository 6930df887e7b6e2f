"""Where a picture's pixels lie: one order for all, and a turned frame that is cut from it and put back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate


@dataclass(frozen=True)
class StandardOrder:
    """How the axes of (X, Y, Z, ...) have to be swapped and turned to run in the standard order.

    Standard is: the first axis is the one of the two in plane that runs more along the patient's left-right
    direction, towards the left (the convention of DICOM's rows), the second towards the back or the feet, and
    the slices so that the three are a right-handed system.
    """

    swap: bool
    flip: tuple[bool, bool, bool]

    @classmethod
    def of(cls, affine: NDArray[np.float64]) -> "StandardOrder":
        """The order of a picture with this affine (RAS+, millimetres)."""
        directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0).clip(1e-9)
        # Two in-plane directions of one exam never have the same share of left-right but for exact ties,
        # which rounding must not decide.
        swap = bool(abs(directions[0, 1]) > abs(directions[0, 0]) + 1e-3)
        first, second = directions[:, [1, 0] if swap else [0, 1]].T
        in_plane = _runs_backwards(first, 0), _runs_backwards(second, 1)
        left_handed = bool(np.linalg.det(directions) < 0)
        return cls(swap, (*in_plane, left_handed ^ swap ^ in_plane[0] ^ in_plane[1]))

    def apply(self, x: Tensor) -> Tensor:
        """(X, Y, Z, ...) of the file to the standard order."""
        if self.swap:
            x = x.transpose(0, 1)
        return x.flip(self._turned) if self._turned else x

    def undo(self, x: Tensor) -> Tensor:
        """(X, Y, Z, ...) in the standard order back to that of the file."""
        x = x.flip(self._turned) if self._turned else x
        return x.transpose(0, 1) if self.swap else x

    def affine(self, affine: NDArray[np.float64]) -> NDArray[np.float64]:
        """The affine's columns in the standard order; signs and translation are left as they are."""
        return affine[:, [1, 0, 2, 3]] if self.swap else affine

    @property
    def _turned(self) -> list[int]:
        return [axis for axis in range(3) if self.flip[axis]]


def _runs_backwards(direction: NDArray[np.float64], axis: int) -> bool:
    """Whether a direction (RAS) points against left (axis 0), or against back and feet (axis 1)."""
    if axis == 0:
        return bool(direction[0] > 1e-3 or (abs(direction[0]) <= 1e-3 and direction[1:].sum() > 0))
    return bool(direction[1] + direction[2] > 0)


@dataclass(frozen=True)
class Frame:
    """A turned rectangle of square pixels: ``middle`` and ``half`` sides in mm, ``angle`` in radians.

    Millimetres are counted from the corner of the picture's first pixel, along its axes.
    """

    middle: tuple[float, float]
    half: tuple[float, float]
    angle: float
    spacing_mm: float

    @property
    def size(self) -> tuple[int, int]:
        nx, ny = (max(16, round(2 * h / self.spacing_mm)) for h in self.half)
        return nx, ny

    def cut(self, pictures: Tensor, spacing: NDArray[np.float64]) -> Tensor:
        """What the frame shows of (N, C, X, Y) with pixels ``spacing`` (x, y) mm apart; 0 outside."""
        native = pictures.shape[2:]
        # Where pixels are much finer, neighbours are averaged first: sampling alone would skip some.
        size = [
            n if s > self.spacing_mm / 1.3 else max(16, round(n * s / self.spacing_mm))
            for n, s in zip(native, spacing, strict=True)
        ]
        resized = resize(pictures, (size[0], size[1]))
        axes = [torch.arange(n, dtype=torch.float64) - (n - 1) / 2 for n in self.size]
        places = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1) * self.spacing_mm
        places = places @ self._turn().T + torch.tensor(self.middle)
        extent = torch.from_numpy(np.array(native) * spacing)
        return _sample(resized.flatten(0, 1), 2 * places / extent - 1).unflatten(0, pictures.shape[:2])

    def touches(self, native: Sequence[int], spacing: NDArray[np.float64]) -> tuple[slice, slice]:
        """The pixels of the picture that may lie in the frame."""
        corners = np.array([(a * self.half[0], b * self.half[1]) for a in (-1, 1) for b in (-1, 1)])
        around = (corners @ self._turn().numpy().T + self.middle) / spacing
        low, high = np.floor(around.min(axis=0)).astype(int), np.ceil(around.max(axis=0)).astype(int)
        xs, ys = (slice(max(0, int(a)), min(n, int(b))) for a, b, n in zip(low, high, native, strict=True))
        return xs, ys

    def place(self, shares: Tensor, xs: slice, ys: slice, spacing: NDArray[np.float64]) -> Tensor:
        """(N, *size) back to the picture's pixels ``xs``, ``ys``; 0 outside the frame."""
        axes = [torch.arange(s.start, s.stop, dtype=torch.float64) + 0.5 for s in (xs, ys)]
        places = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1) * torch.from_numpy(spacing)
        inside = (places - torch.tensor(self.middle)) @ self._turn()
        return _sample(shares, 2 * inside / (torch.tensor(self.size) * self.spacing_mm))

    def _turn(self) -> Tensor:
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)


def resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, X, Y) to the given X, Y, linear, averaging where it shrinks."""
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    resized: Tensor = interpolate(pictures, size=size, mode="bilinear", align_corners=False, antialias=True)
    return resized


def _sample(pictures: Tensor, at: Tensor) -> Tensor:
    """(N, X, Y) at the places (.., .., 2), -1 to 1 from edge to edge along x and y; 0 outside."""
    sampled = grid_sample(pictures[None].float(), at.flip(-1)[None].float(), "bilinear", "zeros", align_corners=False)
    return sampled[0]
