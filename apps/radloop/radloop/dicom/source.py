"""Where each plane of a cine comes from, so that an answer can point back at it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radloop.dicom.find import DicomCine
from radloop.dicom.grid import Grid, mean_times_ms
from radloop.dicom.plane import Plane

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Source:
    """The objects that a cine was read from; ``planes[z][t]`` is the one at slice z and frame t.

    ``header`` is that of the first plane, without pixels: patient, study and equipment for what is
    written about the cine.
    """

    cine: DicomCine
    header: Dataset

    @property
    def planes(self) -> Grid:
        return self.cine.grid

    @cached_property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4): voxel indices (column, row, slice) of pixel centres to mm, RAS+.

        DICOM PS3.3 equation C.7.6.2.1-1, slices by their own positions: thickness and location mislead.
        """
        return _LPS_TO_RAS @ affine_lps(self.planes)

    @cached_property
    def times_ms(self) -> NDArray[np.float64] | None:
        return mean_times_ms(self.planes)

    @property
    def rr_ms(self) -> float | None:
        """The time from beat to beat, where the objects tell: the median over slices."""
        told = [one[0].rr_ms for one in self.planes if one[0].rr_ms]
        return float(np.median(told)) if told else None

    @property
    def slice_distance_mm(self) -> float:
        return float(np.linalg.norm(self.affine[:3, 2]))


def affine_lps(grid: Grid) -> NDArray[np.float64]:
    first, last = grid[0][0], grid[-1][0]
    orientation = np.asarray(first.orientation, float)
    between_rows, between_columns = first.spacing_mm or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, 0] = orientation[:3] * between_columns
    affine[:3, 1] = orientation[3:] * between_rows
    affine[:3, 2] = np.subtract(last.position, first.position) / max(len(grid) - 1, 1)  # type: ignore[arg-type]
    affine[:3, 3] = np.asarray(first.position)
    return affine


def planes_in_order(source: Source) -> list[Plane]:
    """All planes, frame by frame, slices within a frame."""
    return [one[t] for t in range(source.cine.n_frames) for one in source.planes]
