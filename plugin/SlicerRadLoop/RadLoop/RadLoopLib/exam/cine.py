"""Pictures of a beating heart, and labels on the same grid, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Cine:
    """A cine in space and time.

    voxels : (t, k, j, i), any real dtype.
    ijk_to_ras : (4, 4), voxel index (i, j, k, 1) to millimetres, right-anterior-superior.
    times_ms : one a frame, or None where the file does not say.
    """

    voxels: Array
    ijk_to_ras: Array
    times_ms: tuple[float, ...] | None


@dataclass(frozen=True)
class LabelMap:
    """Labels of a cine.

    voxels : (t, k, j, i) uint8: 0 background, 1 right ventricle, 2 myocardium, 3 left ventricle.
    ijk_to_ras : (4, 4), as of the cine.
    """

    voxels: Array
    ijk_to_ras: Array

    def fits(self, cine: Cine) -> bool:
        """Same number of voxels in every direction, at the same place within a hundredth of a millimetre."""
        if self.voxels.shape != cine.voxels.shape:
            return False
        corner = np.array([*self.voxels.shape[:0:-1], 1.0])
        far_apart = np.abs((self.ijk_to_ras - cine.ijk_to_ras) * corner)
        return bool(far_apart.max() < 0.01)
