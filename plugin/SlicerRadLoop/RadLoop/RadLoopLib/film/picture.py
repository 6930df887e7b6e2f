"""The picture in a film's file: PNG and JPEG as a browser shows them, NIfTI of one slice. DICOM is Slicer's to read."""

from __future__ import annotations

import io

import numpy as np

from ..exam import Cine, NotReadable, read_cine
from ..exam.cine import Array

# As Slicer lays out a picture without a place: the first pixel at 0, columns to the left, rows to the back.
_NO_PLACE = np.diag([-1.0, -1.0, 1.0, 1.0])
_GREY_WITHIN = 12  # channels of 8 bits this close are a grey picture kept in colour, as the server has it


class NoFilm(Exception):
    """A picture that is no radiograph, or cannot be read, in one sentence."""


def is_dicom(data: bytes) -> bool:
    return data[128:132] == b"DICM"


def read_picture(name: str, data: bytes) -> Cine:
    """The film in a PNG, JPEG or NIfTI file, pixels (1, 1, row, column). Raises NoFilm."""
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        pixels = _pixels(name, data)
        return Cine(pixels[None, None], _NO_PLACE, None)
    try:
        picture = read_cine(data)
    except NotReadable as error:
        raise NoFilm(f"{name}: {error}") from error
    check_film(name, picture.voxels.shape)
    return Cine(picture.voxels, picture.ijk_to_ras, None)


def check_film(name: str, shape: tuple[int, ...]) -> None:
    """shape : (t, k, j, i). Raises NoFilm when that is more than one picture."""
    frames, slices = shape[:2]
    if frames > 1 or slices > 1:
        what = f"{frames} frames" if frames > 1 else f"{slices} slices"
        raise NoFilm(f"{name} has {what}; a radiograph is one picture.")


def _pixels(name: str, data: bytes) -> Array:
    """(rows, columns), turned as the file says that it is to be shown: so the server turns it, and its heat map."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # Slicer brings it; only films need it

    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as picture:
            shown = ImageOps.exif_transpose(picture)
            if shown.mode in ("1", "LA", "La"):
                shown = shown.convert("L")
            elif shown.mode in ("P", "PA", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr"):
                shown = shown.convert("RGB")
            pixels = np.asarray(shown)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise NoFilm(f"{name} cannot be read: its file is damaged or too large.") from error
    if pixels.ndim == 2:
        return pixels
    if np.percentile(np.ptp(pixels.astype(np.int16), axis=-1), 99.5) > _GREY_WITHIN:
        raise NoFilm(f"{name} is a colour picture; a radiograph is grey.")
    grey: Array = pixels.mean(axis=-1).round().astype(np.uint8)
    return grey
