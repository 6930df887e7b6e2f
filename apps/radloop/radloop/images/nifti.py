"""Cines and labels in NIfTI-1 and NIfTI-2 files.

The header is read by nibabel, but not through ``nibabel.load``: that repairs what must be refused
(a voxel size of zero becomes 1 mm) and allocates what the header promises.
"""

from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Header, data_type_codes
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from radloop.images.bounds import Limits, Shape, check_affine, check_shape, check_spacing
from radloop.images.frame_times import even_times_ms
from radloop.images.picture import Cine, Remark, StatedGrid
from radloop.images.stored import read_block, read_start, unpacked
from radloop.images.whole_file import replace_whole
from radloop.refusal import Refusal

# Unit codes of nifti1.h, in the low three and the next three bits of xyzt_units. Unknown units are
# taken for mm and s, as ITK and 3D Slicer take them; a frame time in other units is then no time.
_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_MS_PER_UNIT = {0: 1000.0, 8: 1000.0, 16: 1.0, 24: 0.001}
_MM, _SECONDS = 2, 8
_SCANNER = 1  # sform and qform code
# Intents that say "several numbers a voxel": matrices, vectors, colours.
_VECTOR_INTENTS = {1004, 1005, 1006, 1007, 2003, 2004}


def read_nifti(file: BinaryIO, path: Path, limits: Limits, *, fewest_axes: int = 3) -> Cine:
    """The cine in an open NIfTI file, its voxels not looked at yet. Raises Refusal.

    With ``fewest_axes`` 2 a file of two dimensions is taken too, as one slice.
    """
    name = path.name
    stream = unpacked(file)
    header = _header(read_start(stream, Nifti2Header.sizeof_hdr, name), name)
    shape, still = _shape(header, name, fewest_axes)
    dtype = _voxel_type(header, name)
    check_shape(name, shape, limits)
    affine, spacing_known, stated, remarks = _grid(header, name)
    check_affine(name, shape, affine, spacing_known=spacing_known)
    try:
        slope, inter = header.get_slope_inter()
        offset = max(int(header["vox_offset"]), header.single_vox_offset)
    except (HeaderDataError, ValueError, OverflowError) as error:
        raise Refusal("DAMAGED", f"{name}: its header is damaged ({error}).") from error

    if header["vox_offset"] < 0:  # 0 is common, and means right behind the header
        raise Refusal("DAMAGED", f"{name}: its header is damaged (its voxels begin before the file).")

    block = read_block(stream, path, offset=offset, n_bytes=int(np.prod(shape)) * dtype.itemsize)
    stored = np.frombuffer(block, dtype).reshape(shape, order="F")
    voxels: NDArray[Any] = stored.astype(dtype.newbyteorder("="), copy=False)
    if slope is not None and (slope, inter) != (1.0, 0.0):
        scaled = np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64
        voxels = np.multiply(voxels, scaled(slope), dtype=scaled)
        voxels += scaled(inter)

    per_unit = _MS_PER_UNIT.get(int(header["xyzt_units"]) & 0o70)
    times_ms = None if per_unit is None else even_times_ms(float(header["pixdim"][4]) * per_unit, shape[3])
    return Cine(voxels, affine, times_ms, spacing_known, still, stated, remarks)


def frames_in(file: BinaryIO, name: str) -> int:
    """The number of frames that the header of an open NIfTI file states. Raises Refusal."""
    return _shape(_header(read_start(unpacked(file), Nifti2Header.sizeof_hdr, name), name), name)[0][3]


def write_nifti(path: Path, voxels: NDArray[Any], cine: Cine, *, intent: str = "none") -> None:
    """Write ``voxels`` (x, y, z, t) on the grid and with the frame times of ``cine``; (x, y, z) where it is still."""
    data = voxels[..., 0] if cine.still else voxels
    header = Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_qform(cine.affine, code=_SCANNER)
    if np.abs(header.get_qform() - cine.affine).max() > 2e-3 * max(cine.spacing_mm):
        header["qform_code"] = 0  # a sheared grid, which a quaternion cannot say
    stated = cine.stated or StatedGrid(cine.affine, cine.spacing_mm, _MM)
    header.set_sform(stated.affine, code=_SCANNER)
    header["pixdim"][1:4] = stated.voxel_size
    header["xyzt_units"] = stated.unit
    if data.ndim == 4:
        # Without times 1, unit unknown: with 0 some viewers lay all frames upon each other.
        header["pixdim"][4] = 1.0
        if cine.times_ms is not None:
            header["pixdim"][4] = np.diff(cine.times_ms).mean() / 1000
            header["xyzt_units"] = stated.unit + _SECONDS
    header.set_intent(intent)
    header.set_slope_inter(1.0, 0.0)
    with replace_whole(path) as temporary:
        nib.Nifti1Image(data, None, header, dtype=data.dtype).to_filename(temporary)


def write_plane(path: Path, plane: NDArray[Any], affine: NDArray[np.float64]) -> None:
    """Write ``plane`` (x, y) as one slice at ``affine`` (4, 4), in its own type."""
    image = nib.Nifti1Image(plane[..., None], None, dtype=plane.dtype)
    image.set_qform(affine, code=_SCANNER)
    image.set_sform(affine, code=_SCANNER)
    image.header.set_xyzt_units("mm")
    with replace_whole(path) as temporary:
        image.to_filename(temporary)


def _header(start: bytes, name: str) -> Nifti1Header:
    """The header as it stands, unchecked and unrepaired."""
    for kind, magic in ((Nifti1Header, b"n+1\0"), (Nifti2Header, b"n+2\0")):
        for order, endianness in (("little", "<"), ("big", ">")):
            size = kind.sizeof_hdr
            if len(start) < size or int.from_bytes(start[:4], order) != size:  # type: ignore[arg-type]
                continue
            header = kind(start[:size], endianness=endianness, check=False)
            if bytes(header["magic"].item()).ljust(4, b"\0") == magic:
                return header
    if len(start) >= 4 and int.from_bytes(start[:4], "little") == Nifti1Header.sizeof_hdr > len(start):
        raise Refusal("TRUNCATED", f"{name}: is truncated: it ends within its header.")
    raise Refusal("NOT_AN_IMAGE", f"{name}: is not a NIfTI or NRRD image.")


def _shape(header: Nifti1Header, name: str, fewest_axes: int = 3) -> tuple[Shape, bool]:
    """(x, y, z, t), and whether the file is three-dimensional. Beyond z one axis may be longer than 1."""
    n_axes = int(header["dim"][0])
    axes = [int(n) for n in header["dim"][1 : 1 + max(n_axes, 0)]]
    further = axes[3:]
    longer = [n for n in further if n != 1]
    if not fewest_axes <= n_axes <= 7 or len(longer) > 1:
        said = " x ".join(str(n) for n in axes) or "none"
        raise Refusal(
            "DIMENSIONS",
            f"{name}: has {n_axes} dimensions ({said}); a cine has three or four (x, y, slices, frames).",
        )
    x, y, z = (*axes, 1)[:3]
    return (x, y, z, longer[0] if longer else 1), not further


def _voxel_type(header: Nifti1Header, name: str) -> np.dtype[Any]:
    code = int(header["datatype"])
    if code not in data_type_codes.dtype:
        raise Refusal("VOXEL_TYPE", f"{name}: has voxels of an unknown type (NIfTI code {code}).")
    dtype: np.dtype[Any] = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        said = data_type_codes.label[code]
        raise Refusal("VOXEL_TYPE", f"{name}: has {said} voxels; grey values (integer or float) are needed.")
    if int(header["intent_code"]) in _VECTOR_INTENTS:
        raise Refusal("VOXEL_TYPE", f"{name}: has several numbers a voxel (vectors); grey values are needed.")
    return dtype


def _grid(header: Nifti1Header, name: str) -> tuple[NDArray[np.float64], bool, StatedGrid | None, tuple[Remark, ...]]:
    """The affine in mm; whether its spacing is known; the header's own numbers where they differ; remarks.

    sform before qform before voxel sizes, as nibabel has it. Some programs fill only the voxel sizes
    or only the sform and leave 1 in the other (the ACDC data come with an affine of +-1 mm): then
    the one that was filled is believed. Where both are filled and differ by more than 1 %, neither is.
    """
    unit = int(header["xyzt_units"]) & 0o7
    mm = _MM_PER_UNIT.get(unit, 1.0)
    sizes = np.asarray(header["pixdim"][1:4], np.float64)
    check_spacing(name, sizes)
    try:
        stated_affine = np.asarray(header.get_best_affine(), np.float64)
    except (HeaderDataError, ValueError) as error:
        raise Refusal("AFFINE", f"{name}: its qform is damaged ({error}).") from error
    lengths = np.linalg.norm(stated_affine[:3, :3], axis=0)

    affine = stated_affine.copy()
    spacing_known = True
    remarks: tuple[Remark, ...] = ()
    nothing_filled = not header["sform_code"] and not header["qform_code"] and not unit and np.all(sizes == 1)
    if nothing_filled:
        spacing_known = False
    elif np.all(lengths > 0) and not np.allclose(lengths, sizes, rtol=0.01, atol=0):
        if np.allclose(lengths, 1, atol=1e-3):
            affine[:3, :3] *= sizes / lengths
            said = " x ".join(f"{size:.4g}" for size in sizes * mm)
            text = f"The affine says 1 mm, the voxel sizes {said} mm; the voxel sizes were believed."
            remarks = (Remark("SPACING_FROM_VOXEL_SIZES", text),)
        elif not np.all(sizes == 1):
            spacing_known = False
            text = "The header's affine and its voxel sizes contradict each other; neither was believed."
            remarks = (Remark("SPACING_CONTRADICTORY", text),)
    affine[:3] *= mm
    plain = mm == 1 and np.allclose(affine, stated_affine) and np.allclose(lengths, sizes, rtol=0.01)
    x, y, z = (float(size) for size in sizes)
    return affine, spacing_known, None if plain else StatedGrid(stated_affine, (x, y, z), unit), remarks
