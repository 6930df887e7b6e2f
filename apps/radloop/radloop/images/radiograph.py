"""Radiographs in PNG, JPEG and NIfTI files, told apart by content."""

import stat
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radloop.images.bounds import Limits
from radloop.images.picture import Cine, HeatMap, Radiograph, Remark
from radloop.refusal import Refusal

if TYPE_CHECKING:
    from PIL import Image

SHORTEST_SIDE, LONGEST_SIDE, MOST_PIXELS = 28, 12_000, 50_000_000
"""Of a film, in pixels: the largest detectors have some 20 million."""

GREY_WITHIN = 12.0
"""Channels this close to one another are a grey picture that was kept in colour: JPEG rounds them apart."""

# As ITK and 3D Slicer lay out a picture without a place: the first pixel at 0, rows to the left, columns to the back.
_NO_PLACE = np.diag([-1.0, -1.0, 1.0, 1.0])

_BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, struct.error, zlib.error)
"""What Pillow raises on files that are damaged or cut short."""


def read_radiograph(path: Path) -> Radiograph:
    """Read a film from PNG or JPEG (8 or 16 bits, grey) or from NIfTI of one slice.

    Raises Refusal: NO_SUCH_FILE, EMPTY_FILE, NOT_AN_IMAGE, TRUNCATED, DAMAGED, COLOUR, SEVERAL_FRAMES, TOO_SMALL,
    TOO_LARGE, CONSTANT, NOT_FINITE, and those of ``read_cine`` for what a NIfTI header gets wrong.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Refusal("NOT_AN_IMAGE", f"{path}: is not a file.")
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise Refusal("NO_SUCH_FILE", f"{path}: there is no such file.", http_status=404) from error
    except OSError as error:
        raise Refusal("CANNOT_READ", f"{path.name}: cannot be read ({error.strerror or error}).") from error
    if not start:
        raise Refusal("EMPTY_FILE", f"{path.name}: is empty.")
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return _from_picture(path)
    return _from_nifti(path)


def write_heat_map(path: Path, heat_map: HeatMap | None, film: Radiograph) -> None:
    """Write a heat map (.nii.gz, .nii or .nrrd) on the grid of ``film``'s own file; zeros where there is none."""
    values: Any = np.zeros(film.pixels.shape, np.uint8) if heat_map is None else heat_map
    plane = np.ascontiguousarray(film.in_file_order(values))
    if path.name.endswith(".nrrd"):
        from radloop.images.nrrd import write_nrrd

        write_nrrd(path, plane[..., None], Cine(plane[..., None, None], film.affine))
    else:
        from radloop.images.nifti import write_plane

        write_plane(path, plane, film.affine)


def check_size(name: str, x: int, y: int) -> None:
    """Before pixels are read. Raises Refusal with TOO_SMALL or TOO_LARGE."""
    if min(x, y) < SHORTEST_SIDE:
        least = SHORTEST_SIDE
        raise Refusal("TOO_SMALL", f"{name}: is {x} x {y} pixels; at least {least} x {least} are needed.")
    if max(x, y) > LONGEST_SIDE or x * y > MOST_PIXELS:
        raise Refusal(
            "TOO_LARGE",
            f"{name}: is {x} x {y} pixels; at most {LONGEST_SIDE} along a side and "
            f"{MOST_PIXELS // 10**6} million in all are read.",
        )


def checked_pixels(name: str, pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Pixels (x, y) that show something, as float32. Raises Refusal with NOT_FINITE or CONSTANT."""
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise Refusal("NOT_FINITE", f"{name}: holds pixels that are not finite (NaN or infinity).")
    if lowest == highest:
        raise Refusal("CONSTANT", f"{name}: shows nothing: every pixel is {lowest:g}.")
    return np.asarray(pixels, np.float32)  # in whichever order they lie: turning them over costs time


def grey(name: str, channels: NDArray[Any]) -> NDArray[Any]:
    """The grey picture that was kept as red, green and blue (last axis). Raises Refusal("COLOUR") for any other."""
    spread = np.ptp(channels.astype(np.int32), axis=-1)
    depth = 255 if channels.dtype == np.uint8 else max(int(channels.max()), 1)
    if np.percentile(spread, 99.5) > GREY_WITHIN * depth / 255:
        raise Refusal("COLOUR", f"{name}: is a colour picture; a radiograph is grey.")
    mean: NDArray[Any] = channels.mean(axis=-1, dtype=np.float32)
    # The same value in all channels stays that value exactly, so that any way to keep a film gives one answer.
    return np.where(spread == 0, channels[..., 0], mean)


def _from_picture(path: Path) -> Radiograph:
    from PIL import Image, ImageOps

    name = path.name
    try:
        with Image.open(path, formats=["PNG", "JPEG"]) as picture:
            check_size(name, *picture.size)
            if getattr(picture, "n_frames", 1) > 1:
                raise Refusal("SEVERAL_FRAMES", f"{name}: holds several pictures; a radiograph is one.")
            stored = _grey_of(name, ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal("TOO_LARGE", f"{name}: is too large to be read ({_most()}).") from None
    except _BROKEN as fault:
        if "truncated" in str(fault).lower():
            raise Refusal("TRUNCATED", f"{name}: is truncated: its pixels end too early.") from fault
        raise Refusal("DAMAGED", f"{name}: is damaged: its pixels cannot be read.") from fault
    return Radiograph(checked_pixels(name, stored.T), None, _NO_PLACE)


def _most() -> str:
    return f"at most {LONGEST_SIDE} pixels along a side"


def _grey_of(name: str, picture: "Image.Image") -> NDArray[Any]:
    """Pixels (rows, columns)."""
    mode = picture.mode
    if mode == "CMYK":
        raise Refusal("COLOUR", f"{name}: is a colour picture; a radiograph is grey.")
    if mode in ("1", "LA", "La"):
        picture = picture.convert("L")
    elif mode in ("P", "PA", "RGBA", "RGBX", "RGBa", "YCbCr"):
        picture = picture.convert("RGB")
    stored = np.asarray(picture)
    return grey(name, stored) if stored.ndim == 3 else stored


def _from_nifti(path: Path) -> Radiograph:
    from radloop.images.nifti import read_nifti

    limits = Limits(min_in_plane=1, max_side=LONGEST_SIDE, max_voxels=MOST_PIXELS)
    name = path.name
    try:
        with path.open("rb") as file:
            still = read_nifti(file, path, limits, fewest_axes=2)
    except Refusal as refusal:
        if refusal.code == "NOT_AN_IMAGE":
            raise Refusal("NOT_AN_IMAGE", f"{name}: is not a DICOM, PNG, JPEG or NIfTI image.") from refusal
        raise
    x, y, z, t = still.voxels.shape
    if t > 1 or z > 1:
        what = f"{z} slices" if t == 1 else f"{t} frames"
        raise Refusal("SEVERAL_FRAMES", f"{name}: holds {what}; a radiograph is one picture.")
    check_size(name, x, y)
    pixels = checked_pixels(name, still.voxels[:, :, 0, 0])
    flipped = _turned(still.affine)
    spacing = still.spacing_mm[:2] if still.spacing_known else None
    film = Radiograph(pixels, spacing, still.affine, flipped, remarks=still.remarks)
    if not any(flipped):
        return film
    text = "The header says that the picture lies upside down or mirrored; it was turned to be read."
    remarks = (*still.remarks, Remark("TURNED", text))
    turned = np.ascontiguousarray(film.in_file_order(pixels), np.float32)
    return Radiograph(turned, spacing, still.affine, flipped, remarks=remarks)


def _turned(affine: NDArray[np.float64]) -> tuple[bool, bool]:
    """Which axes run the wrong way for a film: x is to run to the patient's left, y down (or back).

    An affine of plain ones was put there by a program that knew no place, and tells nothing.
    """
    axes = affine[:3, :2]
    if np.allclose(affine[:3, :3], np.eye(3)):
        return False, False
    x, y = (int(np.argmax(np.abs(axes[:, n]))) for n in (0, 1))
    return bool(x == 0 and axes[0, 0] > 0), bool(y in (1, 2) and axes[y, 1] > 0)
