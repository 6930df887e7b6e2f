"""Cines and label maps from files and into files, whatever the format."""

import itertools
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radloop.images.bounds import Limits, limits_in_force
from radloop.images.picture import Cine, LabelMap, Remark
from radloop.refusal import Refusal

_HIGHEST_LABEL = 3
_SPACINGS_MM = (0.05, 100.0)
# Numbers in a damaged file may overflow on the way; they are refused at its end, so numpy need not warn.
_quietly = np.errstate(over="ignore", invalid="ignore")


@_quietly
def read_cine(path: Path, *, limits: Limits | None = None) -> Cine:
    """Read a cine (x, y, z, t) from NIfTI (.nii, .nii.gz) or NRRD (.nrrd, .seq.nrrd), told apart by content.

    Voxels keep their type unless the header scales them. A file of three dimensions is a cine of one
    frame. Nothing large is allocated before the header has been found good.

    Raises Refusal: NO_SUCH_FILE, EMPTY_FILE, NOT_AN_IMAGE, TRUNCATED, DAMAGED, DETACHED, ENCODING,
    VOXEL_TYPE, DIMENSIONS, NO_FRAMES, NO_SLICES, TOO_SMALL, TOO_LARGE, SPACING, AFFINE, SLICE_AXIS,
    NOT_FINITE, CONSTANT.
    """
    cine = _read(path, limits)
    lowest, highest = _range(cine.voxels, path.name)
    if lowest == highest:
        raise Refusal("CONSTANT", f"{path.name}: shows nothing: every voxel is {lowest:g}.")
    return _with_doubt(cine)


def count_frames(path: Path) -> int | None:
    """How many frames a NIfTI file has, from its header alone; None where that does not tell, or it is no NIfTI."""
    from radloop.images.nifti import frames_in

    try:
        with path.open("rb") as file:
            return frames_in(file, path.name)
    except (OSError, Refusal):
        return None


@_quietly
def read_label(path: Path, *, limits: Limits | None = None) -> LabelMap:
    """Read labels (x, y, z, t), written in any type of number.

    Raises Refusal as ``read_cine``, and LABEL_VALUES where a voxel is not 0, 1, 2 or 3.
    """
    voxels = _read(path, limits).voxels
    lowest, highest = _range(voxels, path.name)
    label = voxels.astype(np.uint8) if lowest >= 0 and highest <= _HIGHEST_LABEL else None
    if label is None or not np.array_equal(label, voxels):
        raise Refusal(
            "LABEL_VALUES",
            f"{path.name}: holds values from {lowest:g} to {highest:g} that are no labels; "
            f"labels are the integers 0 to {_HIGHEST_LABEL}.",
        )
    return label


def read_label_of(path: Path, cine: Cine, *, limits: Limits | None = None) -> LabelMap:
    """Read labels of ``cine``, of all its frames or of one: (x, y, z, t) or (x, y, z, 1).

    Raises Refusal as ``read_label``, and LABEL_GRID where they do not lie on the cine's own grid: another shape,
    or corners further off than a tenth of a voxel (formats round differently).
    """
    label, grid = read_label(path, limits=limits), _read(path, limits)
    here, there = (" x ".join(str(n) for n in one.voxels.shape) for one in (grid, cine))
    if label.shape[:3] != cine.voxels.shape[:3] or label.shape[3] not in (1, cine.n_frames):
        raise Refusal("LABEL_GRID", f"{path.name}: is {here} voxels where the image is {there}.")
    if grid.spacing_known and cine.spacing_known and _corners_apart(grid, cine) > 0.1:
        raise Refusal("LABEL_GRID", f"{path.name}: lies elsewhere in space than the image (another affine).")
    return label


def write_label(path: Path, label: LabelMap, cine: Cine) -> None:
    """Write labels (x, y, z, t) as .nii.gz, uint8, on the cine's own grid: same shape, affine and frame time.

    Three-dimensional where the cine's file was. Raises Refusal("CANNOT_WRITE").
    """
    from radloop.images.nifti import write_nifti

    _fits(label.shape, cine.voxels.shape)
    write_nifti(path, label.astype(np.uint8, copy=False), cine, intent="label")


def write_label_nrrd(path: Path, label: LabelMap, cine: Cine) -> None:
    """Write one frame of labels (x, y, z) as .nrrd on the cine's grid, for stock viewers."""
    from radloop.images.nrrd import write_nrrd

    _fits(label.shape, cine.voxels.shape[:3])
    write_nrrd(path, label.astype(np.uint8, copy=False), cine)


def write_cine(path: Path, cine: Cine) -> None:
    """Write a cine as .nii.gz in its voxels' own type. Raises Refusal("CANNOT_WRITE")."""
    from radloop.images.nifti import write_nifti

    write_nifti(path, cine.voxels, cine)


def _read(path: Path, limits: Limits | None) -> Cine:
    limits = limits or limits_in_force()
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would keep us waiting
            raise Refusal("NOT_AN_IMAGE", f"{path}: is not a file.")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not start:
                raise Refusal("EMPTY_FILE", f"{path.name}: is empty.")
            if start == b"NRRD":
                from radloop.images.nrrd import read_nrrd

                return read_nrrd(file, path, limits)
            from radloop.images.nifti import read_nifti

            return read_nifti(file, path, limits)
    except FileNotFoundError as error:
        raise Refusal("NO_SUCH_FILE", f"{path}: there is no such file.", http_status=404) from error
    except OSError as error:
        raise Refusal("CANNOT_READ", f"{path.name}: cannot be read ({error.strerror or error}).") from error


def _with_doubt(cine: Cine) -> Cine:
    """The cine, its spacing called unknown where no heart was ever imaged so (metres written as millimetres)."""
    smallest, largest = _SPACINGS_MM
    if not cine.spacing_known or all(smallest <= size <= largest for size in cine.spacing_mm):
        return cine
    said = " x ".join(f"{size:.3g}" for size in cine.spacing_mm)
    remark = Remark("SPACING_IMPLAUSIBLE", f"The header says voxels of {said} mm; that cannot be and was not believed.")
    return replace(cine, spacing_known=False, remarks=(*cine.remarks, remark))


def _range(voxels: NDArray[Any], name: str) -> tuple[float, float]:
    # NaN comes through both ends, so that two numbers tell without a mask as large as the image.
    lowest, highest = float(voxels.min()), float(voxels.max())
    if not np.isfinite(lowest) or not np.isfinite(highest):
        raise Refusal("NOT_FINITE", f"{name}: holds voxels that are not finite (NaN or infinity).")
    return lowest, highest


def _fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if shape != expected:
        raise ValueError(f"labels of shape {shape} do not fit a picture of {expected}")


def _corners_apart(one: Cine, other: Cine) -> float:
    """How far the corners of two grids of one shape lie apart at most, in voxels of the smallest side."""
    corners = np.array(list(itertools.product(*((0, n - 1) for n in one.voxels.shape[:3]), (1,)))).T
    apart_mm = np.linalg.norm(((one.affine - other.affine) @ corners)[:3], axis=0)
    return float(apart_mm.max() / min(other.spacing_mm))
