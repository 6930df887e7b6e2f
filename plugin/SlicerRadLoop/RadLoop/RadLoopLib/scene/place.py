"""Which slice of an exam a slice view shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import matrix_from_vtk


def slice_shown(slice_node: Any, ijk_to_ras: ArrayLike, n_slices: int) -> int | None:
    """Index of the slice in a view, on the server's grid; None when the view cuts across slices or lies beside them."""
    view = matrix_from_vtk(slice_node.GetSliceToRAS())
    grid = np.asarray(ijk_to_ras)
    across = np.cross(grid[:3, 0], grid[:3, 1])
    if abs(view[:3, 2] @ across) < 0.99 * np.linalg.norm(across):
        return None
    k = np.linalg.inv(grid) @ view[:, 3]
    index = round(float(k[2]))
    return index if 0 <= index < n_slices else None
