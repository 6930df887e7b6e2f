"""Other views of a heart, cut out of its short-axis cine: what lies beside it in a real study."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radloop.images import Cine


@dataclass(frozen=True)
class View:
    """A picture that becomes a series; ``moving`` where it has times."""

    description: str
    series_number: int
    cine: Cine
    moving: bool


def views_beside(cine: Cine) -> list[View]:
    """Scouts across the three directions of the body, and a long-axis cine through the middle."""
    x, y = cine.affine[:3, 0], cine.affine[:3, 1]
    right, out = (v / np.linalg.norm(v) for v in (x, np.cross(x, y)))
    still = Cine(cine.voxels[..., :1], cine.affine)
    body = np.eye(3)
    scouts = [(body[0], -body[1]), (body[0], -body[2]), (-body[1], -body[2])]
    return [
        *(View(f"Scout {n}", n, cut(still, a, b), moving=False) for n, (a, b) in enumerate(scouts, 1)),
        View("LAX cine", 5, cut(cine, right, -out), moving=True),
    ]


def cut(cine: Cine, right: NDArray[np.float64], down: NDArray[np.float64]) -> Cine:
    """One plane through the middle of a cine, along two directions (unit, RAS), as large as the cine is wide."""
    columns, rows, slices, frames = cine.voxels.shape
    spacing = cine.spacing_mm[0]
    side = max(columns, rows)
    centre = (cine.affine @ [(columns - 1) / 2, (rows - 1) / 2, (slices - 1) / 2, 1.0])[:3]
    corner = centre - (right + down) * spacing * (side - 1) / 2
    affine = np.eye(4)
    affine[:3, :] = np.column_stack([right * spacing, down * spacing, np.cross(right, down) * spacing, corner])
    index = np.stack([*np.mgrid[0:side, 0:side].reshape(2, -1), np.zeros(side**2), np.ones(side**2)])
    at = (np.linalg.inv(cine.affine) @ affine @ index)[:3]
    voxels = _between(cine.voxels, at).reshape(side, side, 1, frames)
    return Cine(np.rint(voxels), affine, cine.times_ms)


def _between(voxels: NDArray[np.generic], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, t): values between voxels by linear interpolation at indices ``at`` (3, n); 0 outside."""
    shape = np.array(voxels.shape[:3])[:, None]
    low = np.floor(at).astype(int)
    inside = ((at > -0.5) & (at < shape - 0.5)).all(axis=0)
    total = np.zeros((at.shape[1], voxels.shape[3]))
    for corner in np.ndindex(2, 2, 2):
        step = np.array(corner)[:, None]
        weight = np.prod(np.where(step == 1, at - low, 1 - (at - low)), axis=0) * inside
        i, j, k = np.clip(low + step, 0, shape - 1)
        total += weight[:, None] * voxels[i, j, k]
    return total
