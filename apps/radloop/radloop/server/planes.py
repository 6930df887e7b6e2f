"""Label maps on the wire: one byte a voxel, plane by plane, compressed."""

import base64
import binascii
import gzip
import zlib

import numpy as np

from radloop.images.picture import LabelMap
from radloop.refusal import Refusal

HIGHEST_LABEL = 3


def pack(labels: LabelMap) -> str:
    """Labels (x, y, z, t) as base64 of the gzip of uint8 [t, z, y, x]: a cine's x are a picture's columns."""
    planes = np.ascontiguousarray(labels.transpose(3, 2, 1, 0), np.uint8)
    # Level 1: label maps shrink a hundredfold at any level, and a person waits.
    return base64.b64encode(gzip.compress(planes.tobytes(), compresslevel=1, mtime=0)).decode()


def unpack(text: str, grid: tuple[int, int, int, int]) -> LabelMap:
    """The labels (x, y, z, t) of ``grid`` that `pack` made into text.

    Raises ``Refusal("PLANES")`` where they are cut, of another size, or have values that are no label.
    """
    expected = int(np.prod(grid))
    try:
        # No more is unpacked than there should be: a few kilobytes can say that they are many gigabytes.
        unzip = zlib.decompressobj(wbits=31)
        raw = unzip.decompress(base64.b64decode(text, validate=True), expected + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Refusal("PLANES", "The contours that were sent cannot be unpacked.") from error
    if len(raw) != expected or not unzip.eof:
        raise Refusal("PLANES", f"The contours that were sent are not of the image's {expected} voxels.")
    planes = np.frombuffer(raw, np.uint8).reshape(grid[::-1])
    if planes.max(initial=0) > HIGHEST_LABEL:
        raise Refusal("PLANES", f"The contours that were sent have values above {HIGHEST_LABEL}.")
    return planes.transpose(3, 2, 1, 0)
