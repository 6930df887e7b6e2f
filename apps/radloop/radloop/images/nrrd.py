"""Cines and labels in NRRD files, 3D Slicer's sequences (.seq.nrrd) among them.

Fields: teem.sourceforge.net/nrrd/format.html; what Slicer adds for a sequence: "Volume sequence file
format" in its developer guide. Headers with the data in another file (.nhdr, ``data file``) are
refused: whoever sends a header must not choose which file of the machine is read.
"""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from radloop.images.bounds import Limits, Shape, check_affine, check_shape, check_spacing
from radloop.images.frame_times import MS_PER_UNIT, believable_times_ms, even_times_ms
from radloop.images.picture import Cine
from radloop.images.stored import read_block, unpacked
from radloop.images.whole_file import replace_whole
from radloop.refusal import Refusal

_MAX_HEADER_BYTES = 2**20
_TYPES = {
    name: code
    for code, names in {
        "i1": "signed char,int8,int8_t",
        "u1": "uchar,unsigned char,uint8,uint8_t",
        "i2": "short,short int,signed short,signed short int,int16,int16_t",
        "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
        "i4": "int,signed int,int32,int32_t",
        "u4": "uint,unsigned int,uint32,uint32_t",
        "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
        "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split(",")
}
_FRAME_KINDS = {"list", "time"}
_SPACE_KINDS = {"domain", "space", "none", "???"}
_MM_PER_UNIT = {"mm": 1.0, "": 1.0, "um": 0.001, "cm": 10.0, "m": 1000.0}
# Signs that take a space's axes to RAS+. A space without a name is LPS, as ITK takes it.
_TO_RAS = {"right-anterior-superior": (1, 1, 1), "left-anterior-superior": (-1, 1, 1)}
_LPS_TO_RAS = (-1, -1, 1)
_SHORT_SPACES = {"ras": "right-anterior-superior", "las": "left-anterior-superior", "lps": "left-posterior-superior"}


def read_nrrd(file: BinaryIO, path: Path, limits: Limits) -> Cine:
    """The cine in an open NRRD file, its voxels not looked at yet. Raises Refusal."""
    name = path.name
    header = _header(file, name)
    dtype = _voxel_type(header, name)
    sizes = [int(n) for n in header["sizes"]]
    space_axes, frame_axis = _axes(header, name)
    x, y, z = (sizes[axis] for axis in space_axes)
    shape: Shape = (x, y, z, 1 if frame_axis is None else sizes[frame_axis])
    check_shape(name, shape, limits)
    affine, spacing_known = _grid(header, space_axes, name)
    check_affine(name, shape, affine, spacing_known=spacing_known)
    times_ms = None if frame_axis is None else _times_ms(header, frame_axis, shape[3])

    stream = _data(file, header, name)
    start = 0 if stream is not file else file.tell()
    block = read_block(stream, path, offset=start, n_bytes=int(np.prod(shape)) * dtype.itemsize)
    stored = np.frombuffer(block, dtype).reshape(sizes, order="F").astype(dtype.newbyteorder("="), copy=False)
    voxels = stored[..., None] if frame_axis is None else np.moveaxis(stored, frame_axis, -1)
    return Cine(voxels, affine, times_ms, spacing_known, still=frame_axis is None)


def write_nrrd(path: Path, label: NDArray[Any], cine: Cine) -> None:
    """Write one frame (x, y, z), of labels mostly, as LPS, gzip, in its own type: what stock viewers load."""
    import nrrd

    lps = np.diag([*_LPS_TO_RAS, 1]) @ cine.affine
    header = {
        "space": "left-posterior-superior",
        "space directions": lps[:3, :3].T,
        "space origin": lps[:3, 3],
        "kinds": ["domain", "domain", "domain"],
        "encoding": "gzip",
    }
    with replace_whole(path) as temporary:
        nrrd.write(str(temporary), label, header, compression_level=4)


def _header(file: BinaryIO, name: str) -> dict[str, Any]:
    """The fields up to the blank line, by pynrrd; the file is left at the first byte of data."""
    import nrrd

    lines = []
    length = 0
    while line := file.readline(_MAX_HEADER_BYTES):
        length += len(line)
        if length > _MAX_HEADER_BYTES:
            raise Refusal("DAMAGED", f"{name}: its NRRD header has no end.")
        if not line.strip():
            break
        lines.append(line)
    else:
        raise Refusal("TRUNCATED", f"{name}: is truncated: it ends within its header.")
    try:
        header: dict[str, Any] = nrrd.read_header(lines)
    except (nrrd.NRRDError, ArithmeticError, ValueError, LookupError, TypeError) as error:
        raise Refusal("DAMAGED", f"{name}: its NRRD header cannot be read ({error}).") from error
    missing = [field for field in ("type", "dimension", "sizes", "encoding") if field not in header]
    if missing:
        raise Refusal("DAMAGED", f"{name}: its NRRD header lacks {' and '.join(missing)}.")
    if header["dimension"] != len(header["sizes"]):
        said = f"{header['dimension']} dimensions and {len(header['sizes'])} sizes"
        raise Refusal("DAMAGED", f"{name}: its NRRD header is inconsistent ({said}).")
    if "data file" in header or "datafile" in header:
        raise Refusal("DETACHED", f"{name}: is a header without voxels; give a .nrrd file that holds both.")
    return header


def _voxel_type(header: dict[str, Any], name: str) -> np.dtype[Any]:
    said = str(header["type"])
    code = _TYPES.get(said)
    if code is None:
        raise Refusal("VOXEL_TYPE", f"{name}: has {said} voxels; grey values (integer or float) are needed.")
    return np.dtype(code).newbyteorder(">" if header.get("endian") == "big" else "<")


def _axes(header: dict[str, Any], name: str) -> tuple[list[int], int | None]:
    """The three axes of space, in the file's order, and the one of frames if there is one."""
    n_axes = int(header["dimension"])
    kinds = [str(kind).lower() for kind in header.get("kinds", ["???"] * n_axes)]
    strange = [kind for kind in kinds if kind not in _FRAME_KINDS | _SPACE_KINDS]
    if strange:
        raise Refusal("VOXEL_TYPE", f"{name}: has several numbers a voxel ({strange[0]}); grey values are needed.")
    directions = header.get("space directions")
    frame_axes = [
        axis
        for axis in range(min(n_axes, len(kinds)))
        if kinds[axis] in _FRAME_KINDS
        or (directions is not None and axis < len(directions) and np.all(np.isnan(directions[axis])))
    ]
    if n_axes == 4 and not frame_axes:
        frame_axes = [3]
    space_axes = [axis for axis in range(n_axes) if axis not in frame_axes]
    if len(space_axes) != 3 or len(frame_axes) > 1:
        said = " x ".join(str(n) for n in header["sizes"])
        raise Refusal(
            "DIMENSIONS",
            f"{name}: has {n_axes} dimensions ({said}); a cine has three or four (x, y, slices, frames).",
        )
    return space_axes, frame_axes[0] if frame_axes else None


def _grid(header: dict[str, Any], space_axes: list[int], name: str) -> tuple[NDArray[np.float64], bool]:
    """The affine in mm (RAS+), and whether the file says how large a voxel is."""
    affine = np.eye(4)
    directions = header.get("space directions")
    origin = header.get("space origin")
    known = directions is not None
    if directions is not None:
        if len(directions) != int(header["dimension"]) or directions.shape[1] not in (3, 4):
            raise Refusal("AFFINE", f"{name}: its space directions do not fit its dimensions.")
        vectors = np.asarray(directions, np.float64)[space_axes]
        if vectors.shape[1] == 4 and np.any(vectors[:, 3] != 0):
            raise Refusal("AFFINE", f"{name}: its axes mix space and time.")
        affine[:3, :3] = vectors[:, :3].T
        check_spacing(name, np.linalg.norm(affine[:3, :3], axis=0))
    elif "spacings" in header and len(header["spacings"]) == int(header["dimension"]):
        spacings = np.asarray(header["spacings"], np.float64)[space_axes]
        known = not np.any(np.isnan(spacings))  # NaN is the format's word for "not known"
        if known:
            check_spacing(name, spacings)
            affine[:3, :3] = np.diag(spacings)
    if origin is not None and len(origin) >= 3 and np.all(np.isfinite(origin[:3])):
        affine[:3, 3] = origin[:3]
    units = {str(unit).lower() for unit in header.get("space units", ["mm"])[:3]}
    per_unit = _MM_PER_UNIT.get(units.pop()) if len(units) == 1 else None
    affine[:3] *= per_unit or 1.0
    space = str(header.get("space", "")).lower().removesuffix("-time")
    signs = _TO_RAS.get(_SHORT_SPACES.get(space, space), _LPS_TO_RAS)
    return np.diag([*signs, 1]) @ affine, known and per_unit is not None


def _times_ms(header: dict[str, Any], axis: int, n_frames: int) -> NDArray[np.float64] | None:
    """The frames' times where the file has them in a unit of time: as Slicer's sequences, as its older
    multi-volumes, or as an even step along the axis."""
    units = header.get("units", [])
    unit = str(units[axis]).lower() if axis < len(units) else ""
    values, value_unit = header.get(f"axis {axis} index values"), unit
    if values is None and "MultiVolume.FrameLabels" in header:
        values = str(header["MultiVolume.FrameLabels"]).replace(",", " ")
        value_unit = str(header.get("MultiVolume.FrameIdentifyingDICOMTagUnits", "")).lower()
    if values is not None:
        try:
            times = np.array([float(value) for value in str(values).split()])
        except ValueError:  # sequences may be indexed by words
            return None
        per_unit = MS_PER_UNIT.get(value_unit)
        return believable_times_ms(times * per_unit) if per_unit and times.size == n_frames else None
    directions, spacings = header.get("space directions"), header.get("spacings")
    step = float("nan")
    if directions is not None and axis < len(directions):
        step = float(np.linalg.norm(directions[axis]))
    elif spacings is not None and axis < len(spacings):
        step = float(spacings[axis])
    return even_times_ms(step * MS_PER_UNIT.get(unit or "s", float("nan")), n_frames)


def _data(file: BinaryIO, header: dict[str, Any], name: str) -> BinaryIO:
    """The stream of voxels behind the header."""
    encoding = str(header["encoding"]).lower()
    skips = [field for field in ("line skip", "lineskip", "byte skip", "byteskip") if header.get(field, 0) != 0]
    if skips:
        raise Refusal("ENCODING", f"{name}: uses the NRRD field {skips[0]!r}, which is not supported.")
    if encoding == "raw":
        return file
    if encoding in {"gzip", "gz"}:
        stream = unpacked(file)
        if stream is file:
            raise Refusal("DAMAGED", f"{name}: its compressed data are damaged.")
        return stream
    raise Refusal("ENCODING", f"{name}: its voxels are stored as {encoding}; raw and gzip are supported.")
