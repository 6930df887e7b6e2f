"""What a network sees of a picture: its middle square, at the network's size, in standard units."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

SMALLEST_SIDE = 28
# In standard deviations: burnt-in marks and the film's edge say nothing beyond being very bright or dark.
CLIPPED = 3.0


# Of the grey levels' span: what is darker is the film's surround.
DARK = 0.04
# Of a row or column: letters and markers in the surround take less.
LIT = 0.02


def middle_square(shape: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of the largest square in the middle of (rows, columns)."""
    side = min(shape)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    return slice(top, top + side), slice(left, left + side)


def exposed(image: NDArray[np.float32]) -> tuple[slice, slice] | None:
    """The box of (rows, columns) beyond which a film is dark, as collimators and scanners leave it.

    None where there is next to no surround, or too little within it.
    """
    step = max(1, min(image.shape) // 256)
    coarse = image[::step, ::step]
    low, high = np.percentile(coarse, (0.5, 99.5))
    lit = coarse > low + DARK * (high - low)
    box = []
    for axis, length in ((1, image.shape[0]), (0, image.shape[1])):
        places = np.flatnonzero(lit.mean(axis=axis) > LIT)
        if not len(places):
            return None
        box.append(slice(int(places[0]) * step, min(length, (int(places[-1]) + 1) * step)))
    rows, columns = (part.stop - part.start for part in box)
    if min(rows, columns) < SMALLEST_SIDE or rows * columns > 0.95 * image.size:
        return None
    return box[0], box[1]


def resized(image: NDArray[np.float32], size: int) -> Tensor:
    """The middle square of (rows, columns), averaged down or interpolated up to (size, size)."""
    square = np.ascontiguousarray(image[middle_square((image.shape[0], image.shape[1]))], dtype=np.float32)
    tensor = torch.from_numpy(square)[None, None]
    if tensor.shape[-1] == size:
        return tensor[0, 0]
    return interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)[0, 0]


def standardised(pictures: Tensor) -> Tensor:
    """(B, 1, S, S) of any range to mean 0 and standard deviation 1 each, clipped; a constant picture to zeros."""
    centred = pictures - pictures.mean(dim=(1, 2, 3), keepdim=True)
    # Relative to the values, so that rounding in a constant picture is no contrast.
    least = 1e-6 * pictures.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    spread = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return torch.where(spread > least, centred / spread.clamp(min=1e-20), 0.0).clamp(-CLIPPED, CLIPPED)


def prepared(images: list[NDArray[np.float32]], size: int) -> Tensor:
    """Pictures (rows, columns), each of its own size, to what a network of ``size`` takes: (B, 1, size, size).

    Raises ValueError for what is no 2D picture or is smaller than 28 pixels.
    """
    for image in images:
        if image.ndim != 2 or min(image.shape) < SMALLEST_SIDE:
            raise ValueError(
                f"a picture of {' x '.join(map(str, image.shape))}: two dimensions of at least 28 pixels are taken"
            )
    return standardised(torch.stack([resized(image, size) for image in images])[:, None])
