"""A cine as ``.nii.gz``, read and written with numpy.

Slicer's own readers turn the slice axis of a left-handed grid around and build nodes on the main thread; ITK refuses
directions that are not exactly orthonormal; nibabel is not in Slicer's Python. A label has to go back on exactly the
grid that the server knows, so the few fields of the header that matter are read here.

Field names and offsets: nifti1.h, https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
"""

from __future__ import annotations

import gzip
import struct
import zlib

import numpy as np

from .cine import Array, Cine, LabelMap

_HEADER_BYTES = 348
_DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_CODES = {name: code for code, name in _DTYPES.items()}
_MS_PER_UNIT = {8: 1000.0, 16: 1.0, 24: 0.001}  # seconds, milliseconds, microseconds
_MM_AND_MS = 2 | 16


class NotReadable(Exception):
    """A file that cannot be used, in one sentence."""


def read_cine(data: bytes) -> Cine:
    """The cine in a NIfTI-1 file, gzipped or not. A 3D file is a cine of one frame.

    Raises NotReadable.
    """
    voxels, ijk_to_ras, frame_ms = _read(data)
    times_ms = tuple(frame_ms * t for t in range(len(voxels))) if frame_ms > 0 else None
    return Cine(voxels, ijk_to_ras, times_ms)


def read_label_map(data: bytes) -> LabelMap:
    """The label map in a NIfTI-1 file. Raises NotReadable, also when a value is none of the four."""
    voxels, ijk_to_ras, _ = _read(data)
    if voxels.size and not (voxels.min() >= 0 and voxels.max() <= 3):
        raise NotReadable("The label has values other than 0 to 3.")
    return LabelMap(voxels.astype(np.uint8, copy=False), ijk_to_ras)


def write_cine(cine: Cine) -> bytes:
    """The cine as ``.nii.gz``; evenly spaced times only, as NIfTI has no others."""
    frame_ms = 0.0
    if cine.times_ms is not None and len(cine.times_ms) > 1:
        frame_ms = (cine.times_ms[-1] - cine.times_ms[0]) / (len(cine.times_ms) - 1)
    return _write(cine.voxels, cine.ijk_to_ras, frame_ms)


def write_label_map(labels: LabelMap) -> bytes:
    return _write(labels.voxels.astype(np.uint8, copy=False), labels.ijk_to_ras, 0.0)


def _read(data: bytes) -> tuple[Array, Array, float]:
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise NotReadable(f"The image file is damaged ({error}).") from error
    order = next((o for o in "<>" if data[:4] == struct.pack(o + "i", _HEADER_BYTES)), None)
    if order is None or data[344:347] != b"n+1":
        raise NotReadable("The file that the server sent is not a NIfTI image.")
    dim = struct.unpack(order + "8h", data[40:56])
    datatype = struct.unpack(order + "h", data[70:72])[0]
    pixdim = struct.unpack(order + "8f", data[76:108])
    vox_offset, slope, intercept = struct.unpack(order + "3f", data[108:120])
    units = data[123]
    if datatype not in _DTYPES:
        raise NotReadable("The image has colours or complex numbers; a cine has one number a voxel.")
    if not 1 <= dim[0] <= 7 or any(n < 1 for n in dim[1 : dim[0] + 1]) or any(n > 1 for n in dim[5 : dim[0] + 1]):
        raise NotReadable("The image has an extent that no cine has.")
    shape = tuple(dim[n] if n <= dim[0] else 1 for n in (4, 3, 2, 1))
    dtype = np.dtype(order + _DTYPES[datatype])
    offset, count = int(vox_offset), int(np.prod(shape))
    if len(data) < offset + count * dtype.itemsize:
        raise NotReadable("The image file is cut short.")
    voxels = np.frombuffer(data, dtype, count, offset).reshape(shape)
    voxels = voxels.astype(dtype.newbyteorder("="), copy=False)
    if slope not in (0.0, 1.0) or (slope == 1.0 and intercept != 0.0):
        voxels = voxels.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    frame_ms = pixdim[4] * _MS_PER_UNIT.get(units & 0b111000, 1000.0) if dim[0] >= 4 else 0.0
    return voxels, _ijk_to_ras(data, order, pixdim), frame_ms


def _ijk_to_ras(data: bytes, order: str, pixdim: tuple[float, ...]) -> Array:
    """sform before qform before the bare voxel size, as nibabel chooses and the server with it."""
    qform_code, sform_code = struct.unpack(order + "2h", data[252:256])
    affine = np.eye(4)
    if sform_code > 0:
        affine[:3] = np.array(struct.unpack(order + "12f", data[280:328])).reshape(3, 4)
        return affine
    size = np.array(pixdim[1:4])
    if qform_code > 0:
        b, c, d, *origin = struct.unpack(order + "6f", data[256:280])
        a_squared = 1.0 - (b * b + c * c + d * d)
        # A half turn has a = 0, which single precision leaves a little beside 0; its root would be a visible angle.
        a = np.sqrt(a_squared) if a_squared > 3 * np.finfo(np.float32).eps else 0.0
        # nifti1.h, METHOD 2: unit quaternion (a, b, c, d), and pixdim[0] = -1 turns the third axis around
        rotation = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
            ]
        )
        turn = -1.0 if pixdim[0] < 0 else 1.0
        affine[:3, :3] = rotation * (size * (1.0, 1.0, turn))
        affine[:3, 3] = origin
        return affine
    extent = np.array(struct.unpack(order + "3h", data[42:48]))
    affine[:3, :3] = np.diag(size * (-1.0, 1.0, 1.0))
    affine[:3, 3] = -affine[:3, :3] @ ((extent - 1) / 2)  # nibabel centres such a file, x to the left
    return affine


def _write(voxels: Array, ijk_to_ras: Array, frame_ms: float) -> bytes:
    if voxels.dtype == np.dtype(bool):
        voxels = voxels.astype(np.uint8)
    code = _CODES[voxels.dtype.str[1:]]
    t, k, j, i = voxels.shape
    size = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    header = bytearray(_HEADER_BYTES + 4)
    struct.pack_into("<i", header, 0, _HEADER_BYTES)
    struct.pack_into("<8h", header, 40, 4, i, j, k, t, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, voxels.dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, 1.0, *size, frame_ms, 0.0, 0.0, 0.0)
    struct.pack_into("<3f", header, 108, float(len(header)), 1.0, 0.0)
    header[123] = _MM_AND_MS
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, *ijk_to_ras[:3].ravel())
    header[344:348] = b"n+1\0"
    little = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("<"))
    return gzip.compress(bytes(header) + little.tobytes(), compresslevel=1, mtime=0)
