"""The pixels of a cine, decoded and rescaled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from radloop.dicom.files import UNREADABLE, transfer_syntax
from radloop.dicom.grid import Grid
from radloop.dicom.plane import Plane
from radloop.refusal import Refusal

Place = Callable[[Plane], Path | Dataset]


def read_pixels(grid: Grid, place: Place) -> NDArray[np.generic]:
    """Voxels (x = column, y = row, z, t) of planes ``grid[z][t]``, rescaled where the objects say so.

    Whole numbers as stored, or float32 where a rescale makes others of them.
    """
    planes = [(z, t, p) for z, row in enumerate(grid) for t, p in enumerate(row)]
    first = planes[0][2]
    scaled = any((p.slope, p.intercept) != (1.0, 0.0) for _, _, p in planes)
    voxels: NDArray[Any] | None = None
    decoded: tuple[str, NDArray[Any]] = ("", np.empty(0))
    for z, t, plane in sorted(planes, key=lambda q: (q[2].name, q[2].frame or 0)):
        if decoded[0] != plane.sop_instance_uid:
            decoded = plane.sop_instance_uid, _decoded(plane, place(plane))
        stored = decoded[1] if plane.frame is None else decoded[1][plane.frame - 1]
        if stored.shape != (first.rows, first.columns):
            raise Refusal("DAMAGED", f"{plane.name} holds {stored.shape} pixels, not {(first.rows, first.columns)}.")
        if voxels is None:
            kind = np.float32 if scaled else stored.dtype
            voxels = np.empty((first.columns, first.rows, len(grid), len(grid[0])), kind, order="F")
        elif not scaled:
            voxels = voxels.astype(np.promote_types(voxels.dtype, stored.dtype), copy=False)
        voxels[:, :, z, t] = (stored * plane.slope + plane.intercept if scaled else stored).T
    assert voxels is not None
    return voxels


def _decoded(plane: Plane, place: Path | Dataset) -> NDArray[Any]:
    """(rows, columns), or (frames, rows, columns) of a multi-frame object with more than one."""
    try:
        dataset = pydicom.dcmread(place, force=True) if isinstance(place, Path) else place
        dataset.file_meta.TransferSyntaxUID = syntax = transfer_syntax(dataset)
        if syntax.is_encapsulated and not decodes(syntax):
            raise Refusal("CANNOT_DECODE", f"{plane.name} is compressed as {syntax.name}, which nothing here decodes.")
        pixels: NDArray[Any] = dataset.pixel_array
    except (*UNREADABLE, RuntimeError) as fault:
        raise Refusal("DAMAGED", f"{plane.name} is damaged or cut short: its pixels cannot be read.") from fault
    return pixels[None] if plane.frame is not None and pixels.ndim == 2 else pixels


def decodes(syntax: UID) -> bool:
    """Whether a plug-in is there for a compression."""
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:  # films and references to pixels elsewhere
        return False
