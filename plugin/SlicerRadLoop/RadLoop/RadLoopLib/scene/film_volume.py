"""A film as a volume of one slice: put into the scene, and read out of it again to be sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

from ..exam import Cine
from ..film import NoFilm
from ..film.picture import check_film
from .arrays import fill_image, matrix_from_vtk, matrix_to_vtk, voxels_of

HEAT_MAP = "RadLoop.heat_map"  # reference of a film to its heat map; attribute of a volume that is one
INVERTED = "vtkMRMLColorTableNodeInvertedGrey"  # Slicer's name for grey with bright and dark exchanged


def add_film(scene: Any, name: str, film: Cine | bytes) -> Any:
    """A vtkMRMLScalarVolumeNode of a film, or of a DICOM object as Slicer reads it. Raises ValueError."""
    volume = slicer.vtkMRMLScalarVolumeNode()
    volume.SetName(name)
    if isinstance(film, Cine):
        fill_volume(volume, film.voxels[0], matrix_to_vtk(film.ijk_to_ras))
    else:
        _read_dicom(volume, film)
    scene.AddNode(volume)
    volume.CreateDefaultDisplayNodes()
    return volume


def fill_volume(volume: Any, voxels: Any, ijk_to_ras: Any) -> None:
    """voxels : (k, j, i). ijk_to_ras : vtkMatrix4x4."""
    volume.SetIJKToRASMatrix(ijk_to_ras)
    volume.SetAndObserveImageData(fill_image(vtk.vtkImageData(), voxels))


def film_of(volume: Any) -> Cine:
    """The film that a volume shows, bright where it is shown bright. Raises ValueError for what is no film."""
    name = volume.GetName()
    image = volume.GetImageData()
    if image is None:
        raise ValueError(f"{name} has no picture.")
    if volume.GetAttribute(HEAT_MAP) is not None:
        raise ValueError(f"{name} is a heat map; choose its film.")
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise ValueError(f"{name} is a label map; a radiograph is needed.")
    if image.GetNumberOfScalarComponents() > 1:
        raise ValueError(f"{name} is a colour picture; a radiograph is grey.")
    voxels = voxels_of(image)
    try:
        check_film(name, (1, *voxels.shape))
    except NoFilm as error:
        raise ValueError(str(error)) from error
    if _is_inverted(volume):
        voxels = (voxels.max().astype(np.float64) + voxels.min() - voxels).astype(np.float32)
    return Cine(voxels[None].copy(), matrix_from_vtk(ijk_to_ras(volume)), None)


def ijk_to_ras(volume: Any) -> Any:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


def _is_inverted(volume: Any) -> bool:
    display = volume.GetDisplayNode()
    return display is not None and display.GetColorNodeID() == INVERTED


def _read_dicom(volume: Any, data: bytes) -> None:
    """By Slicer's own reader (ITK, GDCM): it decodes what is compressed, and turns MONOCHROME1 bright side up."""
    with tempfile.TemporaryDirectory(prefix="radloop-") as folder:
        file = Path(folder) / "film.dcm"
        file.write_bytes(data)
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(file))
        storage.SetSingleFile(True)
        name = volume.GetName()
        if not storage.ReadData(volume) or volume.GetImageData() is None:
            raise ValueError(f"{name}: Slicer cannot read this DICOM object.")
        volume.SetName(name)
