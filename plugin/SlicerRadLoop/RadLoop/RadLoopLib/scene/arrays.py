"""numpy arrays and matrices as VTK's, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util import numpy_support

from ..exam.cine import Array


def matrix_to_vtk(matrix: Array) -> Any:
    """(4, 4) as vtkMatrix4x4."""
    out = vtk.vtkMatrix4x4()
    out.DeepCopy([float(v) for v in np.asarray(matrix).ravel()])
    return out


def matrix_from_vtk(matrix: Any) -> Array:
    return np.array([[matrix.GetElement(r, c) for c in range(4)] for r in range(4)])


def fill_image(image: Any, voxels: Array) -> Any:
    """Give a vtkImageData its own copy of (k, j, i) voxels; its geometry stays that of indices."""
    image.SetDimensions(*voxels.shape[::-1])
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(voxels).ravel(), deep=True)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def voxels_of(image: Any) -> Array:
    """(k, j, i) view of a vtkImageData's voxels, valid as long as the image is."""
    scalars = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    shape: tuple[int, ...] = image.GetDimensions()[::-1]
    return np.asarray(scalars).reshape(shape)
